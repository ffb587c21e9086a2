// What happens to the tasks whose engine is to hear that their workers live: those that were issued with an upstream
// token, for one of the targets that are followed. Waits here until somebody takes it.
//
// A task's heartbeats are not told one by one: the first is, and then the first after OpenTask::beat_awaited was set
// again. So there are at most three pieces of news of a task, and a heartbeat that nobody asked about costs one bit.
//
// Not thread-safe; under the same lock as the state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/clock.h"
#include "storage/token_store.h"

namespace tokenbroker::broker {

struct BeatNews {
  enum class Kind : uint8_t { kBegan, kBeaten, kEnded };
  Kind kind = Kind::kBegan;
  // The target's place among those that are followed.
  uint32_t target = 0;
  storage::Sequence task = 0;
  // Of kBegan: the heartbeat timeout; 0: none.
  DurationMs interval = 0;
};

class BeatFeed {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // Instead of those before.
  void Follow(const std::vector<std::string>& targets) {
    places_.clear();
    for (const std::string& target : targets) places_.emplace(target, static_cast<uint32_t>(places_.size()));
  }
  // kNone if it is not followed.
  uint32_t PlaceOf(std::string_view target) const {
    const auto found = places_.find(absl::string_view(target.data(), target.size()));
    return found == places_.end() ? kNone : found->second;
  }

  void Add(const BeatNews& news) {
    grown_ |= news_.empty();
    news_.push_back(news);
  }
  std::vector<BeatNews> Take() { return std::exchange(news_, {}); }
  // Whether somebody is to be woken: the first news after a Take came since the last call.
  bool TakeGrown() { return std::exchange(grown_, false); }

 private:
  absl::flat_hash_map<std::string, uint32_t> places_;
  std::vector<BeatNews> news_;
  bool grown_ = false;
};

}  // namespace tokenbroker::broker
