#include "tests/simulation/clients.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/contract_limits.h"
#include "tests/simulation/times.h"

namespace tokenbroker::broker {

Wish Clients::Issue() {
  Wish wish;
  wish.kind = Operation::Kind::kIssue;
  wish.name_space = kNamespaces[random_.Below(2)];
  if (random_.Chance(60))
    wish.request_id = absl::StrCat("r", random_.Chance(80) ? next_name_ : random_.Below(next_name_));
  if (random_.Chance(60)) wish.key = absl::StrCat("k", random_.Below(6));
  if (random_.Chance(15)) wish.upstream = absl::StrCat("upstream-", random_.Below(4));
  wish.attempt = random_.OneOf({0, 0, 1, 2, 3});
  wish.timeout =
      random_.OneOf<DurationMs>({kMinTimeout, 50, kSecond, 20 * kSecond, 5 * kMinute, 3 * kHour, 40 * kHour});
  if (random_.Chance(40))
    wish.heartbeat_timeout =
        std::min(wish.timeout, random_.OneOf<DurationMs>({10, kSecond, 10 * kSecond, kMinute, kHour}));
  wish.numbers_only = random_.Chance(20);
  if (random_.Chance(10)) wish.only_error = "E1";
  if (random_.Chance(50)) wish.target = kTargets[random_.Below(2)];
  wish.input = absl::StrCat(next_name_++);
  return wish;
}

Wish Clients::Resolve() {
  Wish wish;
  wish.kind = Operation::Kind::kResolve;
  NameTask(wish);
  if (random_.Chance(70)) {
    wish.output = random_.OneOf({"1", "2", "\"three\""});
  } else {
    wish.state = TaskState::kFailed;
    wish.error = random_.OneOf({"E1", "E2", ""});
    wish.cause = random_.OneOf({"", "because"});
  }
  wish.park_for = random_.OneOf<DurationMs>({-1, 0, 100, 30 * kSecond});
  wish.dry_run = random_.Chance(10);
  return wish;
}

// Mostly a task of late, by any of its names; sometimes one that nobody knows.
void Clients::NameTask(Wish& wish) {
  wish.name_space = kNamespaces[random_.Below(2)];
  wish.naming = random_.OneOf({Wish::Naming::kToken, Wish::Naming::kToken, Wish::Naming::kToken, Wish::Naming::kId,
                               Wish::Naming::kKey, Wish::Naming::kKey, Wish::Naming::kUpstream, Wish::Naming::kForged});
  wish.key = absl::StrCat("k", random_.Below(6));
  wish.upstream = absl::StrCat("upstream-", random_.Below(4));
  const auto& tasks = model_.tasks();
  if (wish.naming == Wish::Naming::kForged || tasks.empty()) {
    wish.naming = tasks.empty() ? Wish::Naming::kForged : wish.naming;
    return;
  }
  auto task = std::prev(tasks.end());
  const uint64_t back = random_.Chance(90) ? random_.Below(12) : random_.Below(200);
  for (uint64_t i = 0; i < back && task != tasks.begin(); ++i) --task;
  wish.task = task->first;
}

Wish Clients::Next() {
  if (!lost.empty() && random_.Chance(50)) {
    Wish wish = std::move(lost.back());
    lost.pop_back();
    return wish;
  }
  Wish wish;
  const uint64_t dice = random_.Below(100);
  if (dice < 30) return Issue();
  if (dice < 55) return Resolve();
  NameTask(wish);
  if (dice < 75) {
    wish.kind = Operation::Kind::kHeartbeat;
    if (random_.Chance(30)) wish.progress = absl::StrCat(next_name_++);
  } else if (dice < 80) {
    wish.kind = Operation::Kind::kCancel;
    wish.cause = random_.OneOf({"", "no longer"});
    if (random_.Chance(50)) wish.grace = random_.OneOf<DurationMs>({100, 10 * kSecond, kHour});
  } else if (dice < 85) {
    wish.kind = Operation::Kind::kExtend;
    wish.timeout = random_.OneOf<DurationMs>({kMinTimeout, kSecond, kMinute, kHour, 50 * kHour});
  } else if (dice < 92) {
    wish.kind = Operation::Kind::kLocate;
  } else {
    wish.kind = Operation::Kind::kAwait;
    wish.limit = random_.OneOf<DurationMs>({0, 100, 30 * kSecond, kHour});
  }
  return wish;
}

}  // namespace tokenbroker::broker
