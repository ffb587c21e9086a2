// How much of a backlog may be under way: less while callers are kept from the processor, as much as there is
// otherwise.
//
// What callers feel of sending is that the threads which serve them have to wait for a processor. Where one of them
// waited for more than a fifth of a step, little may be under way; otherwise some more with each step, much as TCP
// finds its share of a line. Whatever callers do, 1,000 tries a second may begin: a target that takes long to answer
// would get next to nothing else.
//
// Pure; not thread-safe.
#pragma once

#include <algorithm>
#include <climits>
#include <vector>

#include "base/clock.h"

namespace tokenbroker::forward {

class Pace {
 public:
  static constexpr DurationMs kStep = 5;
  static constexpr int kLeast = 2;
  // From here on nothing is held back.
  static constexpr int kMost = 1'024;
  // Tries that may begin in each step.
  static constexpr int kTrickle = 5;

  // When another look is due.
  TimeMs next_look() const { return looked_at_ + kStep; }
  // A step begins. `waited`: for how much of the time since the last look each thread that serves callers did.
  void Look(TimeMs now, const std::vector<double>& waited) {
    const DurationMs steps = std::min(now - looked_at_, kLongest) / kStep;
    const bool pressed = std::any_of(waited.begin(), waited.end(), [](double share) { return share > kTolerated; });
    window_ = pressed ? kLeast : std::min(window_ + kGrowth * static_cast<int>(steps), kMost);
    begun_ = 0;
    looked_at_ = now;
  }

  void Begun(int tries) { begun_ += tries; }
  bool holds_back() const { return window_ < kMost; }
  // How much may be under way to a target, to which so much is.
  int UnderWayMax(int under_way) const {
    if (!holds_back()) return INT_MAX;
    return std::max(window_, under_way + std::max(kTrickle - begun_, 0));
  }

 private:
  static constexpr double kTolerated = 0.2;
  static constexpr DurationMs kLongest = 1'000;
  static constexpr int kGrowth = 4;

  int window_ = kMost;
  int begun_ = 0;
  TimeMs looked_at_ = 0;
};

}  // namespace tokenbroker::forward
