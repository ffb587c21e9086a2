// Named places where a test may crash or delay the process, to prove what must hold when it dies right there.
//
//   TB_FAILPOINT("commit.before_append");
//
// costs one relaxed load unless failpoints were armed, which main does from TOKENBROKER_FAILPOINTS at start:
//   commit.before_append=crash          on the first hit
//   commit.before_append=crash@7        on the seventh
//   commit.before_append=crash%3        on each hit with a probability of 3 percent
//   commit.before_append=sleep:50ms     on each hit; takes @ and %, too
// Several are separated by commas. "crash" is SIGKILL to itself: no destructor, no flush, as a power cut has it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"

#define TB_FAILPOINT(name)                                                                     \
  do {                                                                                         \
    if (::tokenbroker::failpoint_internal::armed.load(std::memory_order_relaxed)) [[unlikely]] \
      ::tokenbroker::failpoint_internal::Hit(name);                                            \
  } while (false)

namespace tokenbroker {

struct Failpoint {
  enum class Action { kCrash, kSleep };

  std::string name;
  Action action = Action::kCrash;
  DurationMs sleep_ms = 0;
  // Acts on this hit alone, counted from 1; 0: on every one.
  uint64_t on_hit = 0;
  // Acts with this probability, if a hit counts at all.
  double percent = 100;
};

// INVALID_ARGUMENT names the part that is not understood.
absl::StatusOr<std::vector<Failpoint>> ParseFailpoints(std::string_view spec);

// Replaces what was armed before and forgets all hits. Also with an empty list: then hits are only noted.
// The seed makes the choices of '%' repeatable.
void ArmFailpoints(std::vector<Failpoint> failpoints, uint64_t seed);

// Every name that was hit since arming, sorted, whether or not it acted: shows which places a run has passed.
std::vector<std::string> HitFailpoints();

namespace failpoint_internal {
extern std::atomic<bool> armed;
void Hit(std::string_view name);
}  // namespace failpoint_internal

}  // namespace tokenbroker
