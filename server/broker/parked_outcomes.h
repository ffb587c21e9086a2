// Outcomes that came before their tasks, by the number of the record that parked them. What they hold is counted: all
// of it together, and how many there are in each namespace.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "server/broker/namespace_table.h"
#include "server/broker/operation.h"
#include "storage/token_store.h"

namespace tokenbroker::broker {

// An outcome that waits for its task.
struct ParkedOutcome {
  uint32_t name_space = 0;
  storage::IndexKey key;
  TaskState state = TaskState::kSucceeded;
  std::string output;
  std::string error;
  std::string cause;
  std::string resolved_by;
  std::string request_id;
  TimeMs keep_until = 0;
  // When it was parked.
  TimeMs time = 0;

  // What an outcome of so many bytes takes, its names included.
  static size_t Bytes(size_t payload) { return payload + 256; }
  size_t Bytes() const { return Bytes(output.size() + error.size() + cause.size()); }
};

class ParkedOutcomes {
 public:
  using Map = absl::flat_hash_map<Sequence, ParkedOutcome>;

  // Keeps the numbers of parked outcomes in `namespaces` up to date.
  explicit ParkedOutcomes(NamespaceTable& namespaces) : namespaces_(namespaces) {}

  // In the place of one that is there already.
  void Keep(Sequence at, ParkedOutcome outcome) {
    Forget(at);
    ++namespaces_[outcome.name_space].parked;
    bytes_ += outcome.Bytes();
    outcomes_.emplace(at, std::move(outcome));
  }

  void Forget(Sequence at) {
    const auto found = outcomes_.find(at);
    if (found == outcomes_.end()) return;
    --namespaces_[found->second.name_space].parked;
    bytes_ -= found->second.Bytes();
    outcomes_.erase(found);
  }

  // Null if there is none. Valid until the next Keep or Forget.
  const ParkedOutcome* Find(Sequence at) const {
    const auto found = outcomes_.find(at);
    return found == outcomes_.end() ? nullptr : &found->second;
  }

  bool contains(Sequence at) const { return outcomes_.contains(at); }
  size_t size() const { return outcomes_.size(); }
  uint64_t bytes() const { return bytes_; }
  Map::const_iterator begin() const { return outcomes_.begin(); }
  Map::const_iterator end() const { return outcomes_.end(); }

 private:
  NamespaceTable& namespaces_;
  Map outcomes_;
  uint64_t bytes_ = 0;
};

}  // namespace tokenbroker::broker
