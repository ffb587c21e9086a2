#include "base/failpoint.h"

#include <signal.h>

#include <chrono>
#include <map>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace tokenbroker {
namespace {

struct Armed {
  std::mutex mutex;
  std::vector<Failpoint> failpoints;
  std::map<std::string, uint64_t, std::less<>> hits;
  std::mt19937_64 random;
};

Armed& State() {
  static Armed* const state = new Armed;  // Lives to the end: threads may hit during exit.
  return *state;
}

absl::Status NotUnderstood(absl::string_view part) {
  return absl::InvalidArgumentError(
      absl::StrCat("failpoint '", part, "': expected NAME=crash or NAME=sleep:50ms, then optionally @HIT or %PERCENT"));
}

bool ParseSleep(absl::string_view text, DurationMs* sleep) {
  return absl::ConsumeSuffix(&text, "ms") && absl::SimpleAtoi(text, sleep) && *sleep >= 0;
}

// Cuts "@7" or "%3" off the action's end.
bool ParseCondition(absl::string_view* action, Failpoint* failpoint) {
  const size_t mark = action->find_first_of("@%");
  if (mark == absl::string_view::npos) return true;
  const absl::string_view number = action->substr(mark + 1);
  const char kind = (*action)[mark];
  *action = action->substr(0, mark);
  if (kind == '@') return absl::SimpleAtoi(number, &failpoint->on_hit) && failpoint->on_hit > 0;
  return absl::SimpleAtod(number, &failpoint->percent) && failpoint->percent >= 0 && failpoint->percent <= 100;
}

absl::StatusOr<Failpoint> ParseOne(absl::string_view part) {
  Failpoint failpoint;
  const std::pair<absl::string_view, absl::string_view> halves = absl::StrSplit(part, absl::MaxSplits('=', 1));
  absl::string_view action = halves.second;
  failpoint.name = std::string(halves.first);
  if (failpoint.name.empty() || !ParseCondition(&action, &failpoint)) return NotUnderstood(part);
  if (action == "crash") return failpoint;
  failpoint.action = Failpoint::Action::kSleep;
  if (!absl::ConsumePrefix(&action, "sleep:") || !ParseSleep(action, &failpoint.sleep_ms)) return NotUnderstood(part);
  return failpoint;
}

}  // namespace

absl::StatusOr<std::vector<Failpoint>> ParseFailpoints(std::string_view spec) {
  std::vector<Failpoint> failpoints;
  for (absl::string_view part :
       absl::StrSplit(absl::string_view(spec.data(), spec.size()), ',', absl::SkipWhitespace())) {
    absl::StatusOr<Failpoint> failpoint = ParseOne(absl::StripAsciiWhitespace(part));
    if (!failpoint.ok()) return failpoint.status();
    failpoints.push_back(*std::move(failpoint));
  }
  return failpoints;
}

void ArmFailpoints(std::vector<Failpoint> failpoints, uint64_t seed) {
  Armed& state = State();
  const std::lock_guard lock(state.mutex);
  state.failpoints = std::move(failpoints);
  state.hits.clear();
  state.random.seed(seed);
  failpoint_internal::armed.store(true, std::memory_order_relaxed);
}

std::vector<std::string> HitFailpoints() {
  Armed& state = State();
  const std::lock_guard lock(state.mutex);
  std::vector<std::string> names;
  for (const auto& [name, count] : state.hits) names.push_back(name);
  return names;
}

namespace failpoint_internal {

std::atomic<bool> armed{false};

void Hit(std::string_view name) {
  DurationMs sleep = 0;
  {
    Armed& state = State();
    const std::lock_guard lock(state.mutex);
    const uint64_t hit = ++state.hits.try_emplace(std::string(name)).first->second;
    for (const Failpoint& failpoint : state.failpoints) {
      if (failpoint.name != name || (failpoint.on_hit != 0 && failpoint.on_hit != hit)) continue;
      if (std::uniform_real_distribution<>(0, 100)(state.random) >= failpoint.percent) continue;
      if (failpoint.action == Failpoint::Action::kCrash) raise(SIGKILL);
      sleep += failpoint.sleep_ms;
    }
  }
  if (sleep > 0) std::this_thread::sleep_for(std::chrono::milliseconds(sleep));
}

}  // namespace failpoint_internal
}  // namespace tokenbroker
