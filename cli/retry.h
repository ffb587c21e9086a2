// Sending a call again until it is answered. Every call of the contract that this program makes may be repeated
// (settling compares outcomes, issuing carries a request id), except CreateBackup.
#pragma once

#include <algorithm>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/error.h"
#include "cli/waiter.h"

namespace tokenbroker::cli {

// How long to pause before the next try: what the broker asked for, else 100 ms doubling up to 5 s, with jitter of a
// half.
class Backoff {
 public:
  explicit Backoff(Random random) : random_(std::move(random)) {}
  DurationMs Next(const absl::Status& error);
  void Reset() { failures_ = 0; }

 private:
  Random random_;
  int failures_ = 0;
};

class Retrier {
 public:
  Retrier(Waiter& waiter, Random random) : waiter_(waiter), random_(std::move(random)) {}

  // Calls `call(timeout)`, which returns an absl::StatusOr, until its answer is final, `total` is used up, or the user
  // wants to stop; returns the last answer. No attempt is given more than `attempt`.
  template <typename Call>
  auto Run(DurationMs total, DurationMs attempt, Call call) -> decltype(call(DurationMs{})) {
    const TimeMs end = waiter_.Now() + total;
    Backoff backoff(random_);
    while (true) {
      auto answer = call(std::min(attempt, std::max<DurationMs>(end - waiter_.Now(), 1)));
      if (answer.ok() || !IsRetryable(answer.status())) return answer;
      const DurationMs pause = backoff.Next(answer.status());
      if (waiter_.Now() + pause >= end || !waiter_.Wait(pause)) return answer;
    }
  }

 private:
  Waiter& waiter_;
  Random random_;
};

}  // namespace tokenbroker::cli
