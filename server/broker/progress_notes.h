// The latest progress of each waiting task that has told any, within a number of bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "server/broker/operation.h"
#include "storage/token_store.h"

namespace tokenbroker::broker {

struct ProgressNote {
  // Empty if only the log has it.
  std::string details;
  TimeMs at = 0;
  // The latest log record with progress; 0 if none.
  Sequence logged_at = 0;
  TimeMs logged_time = 0;
};

class ProgressNotes {
 public:
  using Map = absl::flat_hash_map<Sequence, ProgressNote>;

  // The task's note, which says `details` now; null, and nothing changes, if all notes would hold more than
  // `bytes_max`. Valid until the next call that changes something.
  ProgressNote* Keep(Sequence task, std::string_view details, TimeMs now, uint64_t bytes_max) {
    const auto found = notes_.find(task);
    const uint64_t before = found == notes_.end() ? 0 : Bytes(found->second.details);
    const uint64_t after = Bytes(details);
    if (bytes_ - before + after > bytes_max) return nullptr;
    bytes_ += after - before;
    ProgressNote& note = notes_[task];
    note.details = details;
    note.at = now;
    return &note;
  }

  // The record `at` has the task's progress, whose details need not be in memory. Returns the record that had it
  // before; 0 if none.
  Sequence KeepLogged(Sequence task, Sequence at, TimeMs time) {
    const auto [found, fresh] = notes_.try_emplace(task);
    if (fresh) bytes_ += Bytes({});
    ProgressNote& note = found->second;
    const Sequence before = std::exchange(note.logged_at, at);
    note.at = note.logged_time = time;
    logged_.erase(before);
    logged_.insert(at);
    return before;
  }

  // Returns the record that had the task's progress; 0 if none.
  Sequence Forget(Sequence task) {
    const auto found = notes_.find(task);
    if (found == notes_.end()) return 0;
    const Sequence logged_at = found->second.logged_at;
    logged_.erase(logged_at);
    bytes_ -= Bytes(found->second.details);
    notes_.erase(found);
    return logged_at;
  }

  // The first of the records from `from` on and before `to` that have the progress of a task that waits.
  std::vector<Sequence> LoggedBetween(Sequence from, Sequence to, size_t max) const {
    std::vector<Sequence> found;
    for (auto at = logged_.lower_bound(from); at != logged_.end() && *at < to && found.size() < max; ++at)
      found.push_back(*at);
    return found;
  }

  // Null if there is none. Valid until the next call that changes something.
  const ProgressNote* Find(Sequence task) const {
    const auto found = notes_.find(task);
    return found == notes_.end() ? nullptr : &found->second;
  }

  size_t size() const { return notes_.size(); }
  Map::const_iterator begin() const { return notes_.begin(); }
  Map::const_iterator end() const { return notes_.end(); }

 private:
  static uint64_t Bytes(std::string_view details) { return details.size() + 128; }

  Map notes_;
  absl::btree_set<Sequence> logged_;
  uint64_t bytes_ = 0;
};

}  // namespace tokenbroker::broker
