#include "cli/await.h"

#include <algorithm>
#include <limits>

#include "cli/retry.h"
#include "cli/time_text.h"

namespace tokenbroker::cli {
namespace {

// One call waits this long at most, so that a dead connection is noticed. The call's own deadline is a little later.
constexpr DurationMs kLongestCall = 30'000;
constexpr DurationMs kSlack = 5'000;
// The broker's first answer should come at once, and so should the news that it is back; it reads an unset limit as its
// default.
constexpr DurationMs kAMoment = 1;
constexpr TimeMs kNever = std::numeric_limits<TimeMs>::max();

}  // namespace

absl::StatusOr<v1::Task> AwaitEnd(Broker& broker, const AwaitOptions& options, Waiter& waiter, Random random,
                                  std::ostream& remarks) {
  const TimeMs start = waiter.Now();
  const TimeMs end = options.limit ? start + *options.limit : kNever;
  Backoff backoff(std::move(random));
  bool answered = false;
  bool away = false;
  v1::AwaitTaskRequest request;
  *request.mutable_task() = options.task;
  while (true) {
    const DurationMs longest = answered && !away ? kLongestCall : kAMoment;
    const DurationMs limit = std::clamp<DurationMs>(end - waiter.Now(), kAMoment, longest);
    *request.mutable_limit() = ToProto(limit);
    const auto answer = broker.Await(request, limit + (answered ? kSlack : options.patience));
    if (answer.ok()) {
      if (away) remarks << "tokenctl: the broker is back\n";
      answered = true;
      away = false;
      backoff.Reset();
      if (answer->task().state() != v1::TASK_STATE_WAITING || waiter.Now() >= end) return answer->task();
      continue;
    }
    if (!IsRetryable(answer.status())) return answer.status();
    answered = answered || IsOfBroker(answer.status());
    const DurationMs pause = backoff.Next(answer.status());
    const TimeMs give_up = answered ? end : std::min(end, start + options.patience);
    if (waiter.Now() + pause >= give_up) return answer.status();
    if (!away) remarks << "tokenctl: the broker is away, still trying: " << answer.status().message() << "\n";
    away = true;
    if (!waiter.Wait(pause)) return answer.status();
  }
}

}  // namespace tokenbroker::cli
