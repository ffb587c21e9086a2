// How many calls of one API an account may make in one region: AWS's token bucket, kept on our side so that it is not
// met on theirs.
//
//   quota->Take(5'000, [..] { ...send... });        // now, or as soon as the quota lets it, in order
//   quota->OnAnswer(throttled);
//
// Starts with the published quota and never goes beyond it. Where AWS throttles all the same (others share the
// account's quota, or it is a smaller one), the rate and the burst shrink, at most once a second, and grow back while
// nothing is throttled.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "server/outbound/timers.h"

namespace tokenbroker::targets {

struct Quota {
  int64_t burst = 1'500;
  int64_t per_second = 300;

  friend bool operator==(const Quota&, const Quota&) = default;
};

// What AWS publishes for SendTask* and GetActivityTask, each.
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
Quota PublishedQuota(std::string_view region);

// Thread-safe.
class CallQuota {
 public:
  // How many may wait.
  static constexpr size_t kMaxWaiting = 20'000;

  // The clock and the timers must outlive this.
  CallQuota(Quota quota, const Clock& clock, outbound::Timers& timers);
  // Who waits is dropped.
  ~CallQuota();
  CallQuota(const CallQuota&) = delete;
  CallQuota& operator=(const CallQuota&) = delete;

  // Runs `go` once, now, on this thread, or later, on the timers'; then the answer is 0. If it would have to wait for
  // longer than `longest_wait`, or too many wait already, it is not kept: the answer is how long the wait would be.
  DurationMs Take(DurationMs longest_wait, std::function<void()> go);

  // What came of a call.
  void OnAnswer(bool throttled);

  // Calls that may go right now.
  int64_t available() const;
  // Calls a second, as learned.
  double rate() const;
  size_t waiting() const;

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace tokenbroker::targets
