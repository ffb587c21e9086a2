#include "tests/crash/traffic.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"

namespace tokenbroker::testing {
namespace {

constexpr int kBatchItems = 60;
constexpr DurationMs kHour = 3'600'000;

v1::Verdict VerdictOf(v1::ErrorReason reason) {
  switch (reason) {
    case v1::ERROR_REASON_TASK_ALREADY_RESOLVED:
      return v1::VERDICT_CONFLICT;
    case v1::ERROR_REASON_TASK_EXPIRED:
      return v1::VERDICT_EXPIRED;
    case v1::ERROR_REASON_TASK_CANCELLED:
      return v1::VERDICT_CANCELLED;
    case v1::ERROR_REASON_TASK_SUPERSEDED:
      return v1::VERDICT_SUPERSEDED;
    case v1::ERROR_REASON_TASK_UNKNOWN:
      return v1::VERDICT_UNKNOWN;
    case v1::ERROR_REASON_UNSPECIFIED:
      return v1::VERDICT_UNSPECIFIED;
    default:
      return v1::VERDICT_REFUSED;
  }
}

DurationMs Between(Random& random, DurationMs low, DurationMs high) { return low + random() % (high - low + 1); }

DurationMs RandomTimeout(Random& random) {
  switch (random() % 10) {
    case 0:
    case 1:
    case 2:
      return Between(random, 10, 1500);
    case 3:
    case 4:
      return Between(random, 2000, 20'000);
    default:
      return Between(random, 1, 24) * kHour;
  }
}

Plan RandomPlan(Random& random, uint64_t serial) {
  Plan plan;
  plan.serial = serial;
  plan.name_space = static_cast<int>(random() % 3);
  plan.with_request_id = random() % 2 == 0;
  plan.with_contract = random() % 20 == 0;
  plan.timeout = RandomTimeout(random);
  if (random() % 5 == 0) plan.heartbeat = std::min(plan.timeout, Between(random, 50, 2500));
  if (random() % 3 == 0) plan.key = absl::StrCat("solo-", serial);
  if (random() % 8 == 0) plan.input_bytes = Between(random, 1, 9000);
  if (const uint64_t dice = random() % 8; dice < 2) plan.target = dice == 0 ? Target::kEngine : Target::kHook;
  return plan;
}

}  // namespace

Answer AnswerOf(const grpc::Status& status, v1::Verdict verdict, const std::string& task_id) {
  if (status.ok()) return {verdict, v1::ERROR_REASON_UNSPECIFIED, task_id, std::nullopt};
  const ErrorDetails details = DetailsOf(status);
  return {VerdictOf(details.reason), details.reason, "", details.resolved};
}

Answer AnswerOf(const v1::SettlementResult& result) {
  Answer answer{result.verdict(), result.error().reason(), result.task_id(), std::nullopt};
  if (result.error().has_resolved()) answer.resolved = result.error().resolved();
  return answer;
}

void SettleOne(const BrokerClient& client, Expectations& expectations, const Glance& task, int choice,
               const v1::TaskRef& by) {
  const v1::Settlement settlement = SettlementOf(by, task.serial, choice);
  expectations.BeforeSettle(task.serial, choice);
  Answer answer;
  if (settlement.has_succeed()) {
    v1::SucceedResponse response;
    const grpc::Status status = client.Succeed(settlement.succeed(), response);
    answer = AnswerOf(status, response.verdict(), response.task_id());
  } else {
    v1::FailResponse response;
    const grpc::Status status = client.Fail(settlement.fail(), response);
    answer = AnswerOf(status, response.verdict(), response.task_id());
  }
  expectations.AfterSettle(task, choice, answer);
}

// --- Single calls ---

class Single {
 public:
  Single(Traffic& traffic, const BrokerClient& client, uint64_t seed, int lane)
      : traffic_(traffic), expectations_(traffic.expectations_), client_(client), random_(seed), lane_(lane) {}

  void Run() {
    while (!traffic_.stopping()) {
      Step();
      if (lost_) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      lost_ = false;
    }
  }

 private:
  using Kind = Expectations::Kind;

  void Step() {
    const uint64_t dice = random_() % 100;
    if (dice < 22) return Issue(RandomPlan(random_, expectations_.NextSerial()));
    if (dice < 27) return IssueAttempt();
    if (dice < 30) return Park();
    const std::optional<Glance> task = expectations_.Pick(random_, dice < 85 ? Kind::kOpen : Kind::kAny);
    if (!task.has_value()) return;
    if (dice < 55) return Settle(*task);
    if (dice < 57) return Forbidden(*task);
    if (dice < 67) return Beat(*task);
    if (dice < 71) return Cancel(*task);
    if (dice < 76) return Extend(*task);
    if (dice < 80) return IssueAgain(*task);
    if (dice < 90) return Get(*task);
    if (dice < 95) return GetByKey(*task);
    return Settle(*task);
  }

  void Note(const grpc::Status& status) {
    const v1::ErrorReason reason = ReasonOf(status);
    if (status.ok() || reason != v1::ERROR_REASON_UNSPECIFIED) ++traffic_.answered_;
    lost_ = !status.ok() && (reason == v1::ERROR_REASON_UNSPECIFIED || reason == v1::ERROR_REASON_DRAINING);
    if (reason == v1::ERROR_REASON_INTERNAL) traffic_.violations_.Add(Describe(status));
  }

  void Issue(const Plan& plan) {
    expectations_.BeforeIssue(plan);
    v1::IssueTaskResponse response;
    const grpc::Status status = client_.Issue(plan.Request(), response);
    Note(status);
    if (status.ok()) return expectations_.AfterIssue(plan.serial, response);
    lost_ ? expectations_.IssueInDoubt(plan.serial) : expectations_.IssueRefused(plan.serial);
  }

  // Chains of attempts under the lane's own keys.
  void IssueAttempt() {
    Plan plan = RandomPlan(random_, expectations_.NextSerial());
    plan.name_space = lane_ % 3;
    if (attempt_ == 0 || random_() % 6 == 0) chain_ = absl::StrCat("chain-", plan.serial), attempt_ = 0;
    plan.key = chain_;
    plan.attempt = ++attempt_;
    plan.timeout = kHour;
    plan.heartbeat = 0;
    Issue(plan);
  }

  // The same request again, word for word.
  void IssueAgain(const Glance& task) {
    if (!task.plan.with_request_id || task.may_be_gone) return;
    v1::IssueTaskResponse response;
    const grpc::Status status = client_.Issue(task.plan.Request(), response);
    Note(status);
    if (status.ok()) expectations_.AfterIssue(task.serial, response);
  }

  // A callback first; its task in a moment, or after the next crash.
  void Park() {
    Plan plan = RandomPlan(random_, expectations_.NextSerial());
    plan.key = absl::StrCat("park-", plan.serial);
    plan.parks = true;
    plan.with_request_id = true;
    plan.timeout = kHour;
    plan.heartbeat = 0;
    expectations_.BeforeIssue(plan);
    for (int sends = 1 + static_cast<int>(random_() % 2); sends > 0; --sends) {
      const int choice = static_cast<int>(random_() % 2);
      const v1::Settlement settlement =
          SettlementOf(ByKey(NamespaceName(plan.name_space), plan.key), plan.serial, choice);
      expectations_.BeforeSettle(plan.serial, choice);
      expectations_.AfterPark(plan.serial, choice, SendPark(settlement));
      if (lost_) return;
    }
    if (random_() % 3 != 0) Issue(plan);
  }

  Answer SendPark(const v1::Settlement& settlement) {
    v1::SucceedResponse succeeded;
    v1::FailResponse failed;
    const grpc::Status status = settlement.has_succeed() ? client_.Succeed(settlement.succeed(), succeeded)
                                                         : client_.Fail(settlement.fail(), failed);
    Note(status);
    return AnswerOf(status, settlement.has_succeed() ? succeeded.verdict() : failed.verdict(), "");
  }

  void Settle(const Glance& task) {
    const bool solo = task.plan.key.rfind("solo-", 0) == 0;
    v1::TaskRef by = random_() % 3 == 0 ? ById(task.task_id) : ByToken(task.token);
    if (task.plan.target == Target::kEngine && random_() % 2 == 0) by = ByToken(task.plan.EngineToken());
    if (solo && random_() % 2 == 0 && !task.may_be_gone) by = ByKey(NamespaceName(task.plan.name_space), task.plan.key);
    for (int sends = 1 + static_cast<int>(random_() % 3); sends > 0; --sends) {
      const std::optional<Glance> now = expectations_.Look(task.serial);
      if (!now.has_value()) return;
      const int choice = task.choice >= 0 && random_() % 2 == 0 ? task.choice : static_cast<int>(random_() % kChoices);
      SettleOne(client_, expectations_, *now, choice, by);
      ++traffic_.answered_;
    }
  }

  void Forbidden(const Glance& task) {
    if (!task.plan.with_contract) return;
    v1::FailRequest request;
    *request.mutable_task() = ByToken(task.token);
    request.set_error("Forbidden");
    v1::FailResponse response;
    const grpc::Status status = client_.Fail(request, response);
    Note(status);
    expectations_.AfterForbidden(task, AnswerOf(status, response.verdict(), ""));
  }

  void Beat(const Glance& task) {
    v1::HeartbeatRequest request;
    *request.mutable_task() = ByToken(task.token);
    if (random_() % 3 == 0) request.set_progress(absl::StrCat("{\"at\":", random_() % 100, "}"));
    expectations_.BeforeBeat(task.serial);
    v1::HeartbeatResponse response;
    const grpc::Status status =
        client_.Call(client_.resolver(), &v1::ResolverService::Stub::Heartbeat, request, response);
    Note(status);
    expectations_.AfterBeat(task, ToMs(response.next_due()), AnswerOf(status, v1::VERDICT_ACCEPTED, ""));
  }

  void Cancel(const Glance& task) {
    const DurationMs grace = random_() % 2 == 0 ? 0 : Between(random_, 100, 5000);
    v1::CancelTaskRequest request;
    *request.mutable_task() = ByToken(task.token);
    request.set_reason("by the crash driver");
    *request.mutable_grace() = ToDuration(grace);
    expectations_.BeforeCancel(task.serial, grace);
    v1::CancelTaskResponse response;
    const grpc::Status status = client_.Call(client_.tasks(), &v1::TaskService::Stub::CancelTask, request, response);
    Note(status);
    expectations_.AfterDeadlineCall(task, status.ok() ? &response.task() : nullptr,
                                    AnswerOf(status, v1::VERDICT_ACCEPTED, ""), "cancelling");
  }

  void Extend(const Glance& task) {
    const DurationMs timeout = RandomTimeout(random_);
    v1::ExtendDeadlineRequest request;
    *request.mutable_task() = ById(task.task_id);
    *request.mutable_timeout() = ToDuration(timeout);
    expectations_.BeforeExtend(task.serial, timeout);
    v1::ExtendDeadlineResponse response;
    const grpc::Status status =
        client_.Call(client_.tasks(), &v1::TaskService::Stub::ExtendDeadline, request, response);
    Note(status);
    expectations_.AfterDeadlineCall(task, status.ok() ? &response.task() : nullptr,
                                    AnswerOf(status, v1::VERDICT_ACCEPTED, ""), "extending");
  }

  void Get(const Glance& task) {
    v1::Task seen;
    const grpc::Status status = client_.Get(random_() % 2 == 0 ? ByToken(task.token) : ById(task.task_id), seen);
    Note(status);
    if (status.ok()) expectations_.AfterLook(task, seen, /*full=*/true, "GetTask");
    if (ReasonOf(status) == v1::ERROR_REASON_TASK_UNKNOWN) expectations_.AfterUnknown(task, "GetTask");
  }

  void GetByKey(const Glance& task) {
    if (task.plan.key.empty()) return;
    v1::Task seen;
    const grpc::Status status = client_.Get(ByKey(NamespaceName(task.plan.name_space), task.plan.key), seen);
    Note(status);
    if (status.ok() || ReasonOf(status) == v1::ERROR_REASON_TASK_UNKNOWN) {
      expectations_.AfterKeyLook(task, status.ok() ? &seen : nullptr);
    }
  }

  Traffic& traffic_;
  Expectations& expectations_;
  const BrokerClient& client_;
  Random random_;
  const int lane_;
  std::string chain_;
  uint32_t attempt_ = 0;
  // The last call got no answer.
  bool lost_ = false;
};

// --- Batches ---

class Batch {
 public:
  Batch(Traffic& traffic, const BrokerClient& client, uint64_t seed)
      : traffic_(traffic), expectations_(traffic.expectations_), client_(client), random_(seed) {}

  void Run() {
    while (!traffic_.stopping()) {
      Issue();
      Settle();
      Settle();
      Beat();
      if (lost_) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      lost_ = false;
    }
  }

 private:
  void Issue() {
    v1::BatchIssueTasksRequest request;
    std::vector<uint64_t> serials;
    for (int i = 0; i < kBatchItems; ++i) {
      Plan plan = RandomPlan(random_, expectations_.NextSerial());
      expectations_.BeforeIssue(plan);
      serials.push_back(plan.serial);
      *request.add_items() = plan.Request();
    }
    v1::BatchIssueTasksResponse response;
    const grpc::Status status =
        client_.Call(client_.tasks(), &v1::TaskService::Stub::BatchIssueTasks, request, response);
    if (!status.ok()) lost_ = true;
    for (int i = 0; i < kBatchItems; ++i) {
      if (!status.ok()) {
        expectations_.IssueInDoubt(serials[i]);
      } else if (response.items(i).has_issued()) {
        expectations_.AfterIssue(serials[i], response.items(i).issued());
      } else {
        const bool draining = response.items(i).error().reason() == v1::ERROR_REASON_DRAINING;
        draining ? expectations_.IssueInDoubt(serials[i]) : expectations_.IssueRefused(serials[i]);
      }
    }
    if (status.ok()) traffic_.answered_ += kBatchItems;
  }

  void Settle() {
    v1::BatchSettleRequest request;
    std::vector<std::pair<Glance, int>> sent;
    for (int i = 0; i < kBatchItems; ++i) {
      const auto kind = random_() % 4 == 0 ? Expectations::Kind::kEnded : Expectations::Kind::kOpen;
      const std::optional<Glance> task = expectations_.Pick(random_, kind);
      if (!task.has_value()) continue;
      const int choice = static_cast<int>(random_() % kChoices);
      expectations_.BeforeSettle(task->serial, choice);
      *request.add_items() = SettlementOf(ByToken(task->token), task->serial, choice);
      sent.push_back({*task, choice});
    }
    if (sent.empty()) return;
    v1::BatchSettleResponse response;
    const grpc::Status status =
        client_.Call(client_.resolver(), &v1::ResolverService::Stub::BatchSettle, request, response);
    if (!status.ok()) return void(lost_ = true);
    traffic_.answered_ += sent.size();
    for (size_t i = 0; i < sent.size(); ++i) {
      expectations_.AfterSettle(sent[i].first, sent[i].second, AnswerOf(response.items(static_cast<int>(i))));
    }
  }

  void Beat() {
    v1::BatchHeartbeatRequest request;
    std::vector<Glance> sent;
    for (int i = 0; i < kBatchItems / 4; ++i) {
      const std::optional<Glance> task = expectations_.Pick(random_, Expectations::Kind::kOpen);
      if (!task.has_value() || task->plan.heartbeat == 0) continue;
      expectations_.BeforeBeat(task->serial);
      *request.add_items()->mutable_task() = ByToken(task->token);
      sent.push_back(*task);
    }
    if (sent.empty()) return;
    v1::BatchHeartbeatResponse response;
    const grpc::Status status =
        client_.Call(client_.resolver(), &v1::ResolverService::Stub::BatchHeartbeat, request, response);
    for (size_t i = 0; i < sent.size(); ++i) {
      Answer answer;
      TimeMs next_due = 0;
      if (status.ok()) {
        const auto& item = response.items(static_cast<int>(i));
        answer.verdict = item.has_beat() ? v1::VERDICT_ACCEPTED : v1::VERDICT_REFUSED;
        if (item.error().has_resolved()) answer.resolved = item.error().resolved();
        next_due = ToMs(item.beat().next_due());
      }
      expectations_.AfterBeat(sent[i], next_due, answer);
    }
  }

  Traffic& traffic_;
  Expectations& expectations_;
  const BrokerClient& client_;
  Random random_;
  bool lost_ = false;
};

// --- Waits ---

class Waiting {
 public:
  Waiting(Traffic& traffic, const BrokerClient& client, uint64_t seed)
      : traffic_(traffic), expectations_(traffic.expectations_), client_(client), random_(seed) {}

  void Run() {
    while (!traffic_.stopping()) {
      const std::optional<Glance> task = expectations_.Pick(random_, Expectations::Kind::kOpen);
      if (!task.has_value() || !Await(*task)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

 private:
  bool Await(const Glance& task) {
    v1::AwaitTaskRequest request;
    *request.mutable_task() = ByToken(task.token);
    *request.mutable_limit() = ToDuration(Between(random_, 50, 1500));
    request.set_wait_for_delivery(task.plan.target != Target::kNone && random_() % 2 == 0);
    const bool before_drain = !traffic_.draining_;
    v1::AwaitTaskResponse response;
    const grpc::Status status = client_.Call(client_.tasks(), &v1::TaskService::Stub::AwaitTask, request, response);
    const v1::ErrorReason reason = ReasonOf(status);
    if (status.ok()) {
      ++traffic_.answered_;
      // A wait that ran into its limit is as good as a look only at its end, so nothing is held against it then.
      if (response.task().state() != v1::TASK_STATE_WAITING)
        expectations_.AfterLook(task, response.task(), true, "AwaitTask");
    } else if (reason == v1::ERROR_REASON_TASK_UNKNOWN) {
      expectations_.AfterUnknown(task, "AwaitTask");
    } else if (reason == v1::ERROR_REASON_DRAINING) {
      ++traffic_.drained_waits_;
      if (!traffic_.draining_) traffic_.violations_.Add("a wait ended with DRAINING though nobody drains");
    } else if (traffic_.draining_ && before_drain) {
      ++traffic_.broken_waits_;
    }
    return status.ok();
  }

  Traffic& traffic_;
  Expectations& expectations_;
  const BrokerClient& client_;
  Random random_;
};

// --- All together ---

Traffic::Traffic(Expectations& expectations, Violations& violations, const std::string& address, TrafficOptions options,
                 uint64_t seed)
    : expectations_(expectations), violations_(violations), options_(options), seed_(seed) {
  for (int i = 0; i < 3; ++i) clients_.push_back(std::make_unique<BrokerClient>(address));
}

void Traffic::Start() {
  for (int i = 0; i < options_.singles; ++i) {
    threads_.emplace_back([this, i] { Single(*this, *clients_[0], seed_ * 100 + i, i).Run(); });
  }
  for (int i = 0; i < options_.batches; ++i) {
    threads_.emplace_back([this, i] { Batch(*this, *clients_[1], seed_ * 100 + 30 + i).Run(); });
  }
  for (int i = 0; i < options_.waits; ++i) {
    threads_.emplace_back([this, i] { Waiting(*this, *clients_[2], seed_ * 100 + 60 + i).Run(); });
  }
}

void Traffic::BrokerDrains() { draining_ = true; }

void Traffic::Stop() {
  stopping_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace tokenbroker::testing
