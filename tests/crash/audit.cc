#include "tests/crash/audit.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/crash/traffic.h"
#include "tests/testing/broker_process.h"

namespace tokenbroker::testing {
namespace {

constexpr size_t kGetItems = 500;
constexpr size_t kSettleItems = 200;
constexpr size_t kResettled = 1500;
constexpr size_t kReissued = 800;
constexpr size_t kSingles = 60;
// Without a delivery; a breaker rests for ten seconds at most.
constexpr DurationMs kDeliveryPatience = 90'000;

}  // namespace

bool Audit::Run(bool everything) {
  const Serials touched = expectations_.Touched();
  if (!Get(everything ? expectations_.All() : touched)) return false;
  if (!Resettle(Sample(touched, kResettled))) return false;
  Serials reissued = Sample(touched, kReissued);
  for (const Serials& more : {expectations_.InDoubt(), Sample(expectations_.Parked(), kReissued)}) {
    reissued.insert(reissued.end(), more.begin(), more.end());
  }
  if (!Reissue(reissued)) return false;
  if (!AwaitAndPeek(Sample(touched, kSingles)) || !GetByKeys(Sample(touched, kSingles))) return false;
  expectations_.ClearTouched();
  expectations_.Prune();
  return true;
}

bool Audit::Answered(const grpc::Status& status, const char* call) {
  if (status.ok()) return true;
  if (ReasonOf(status) != v1::ERROR_REASON_UNSPECIFIED) violations_.Add(absl::StrCat(call, ": ", Describe(status)));
  return false;
}

Audit::Serials Audit::Sample(const Serials& serials, size_t count) {
  Serials sample;
  std::sample(serials.begin(), serials.end(), std::back_inserter(sample), count, random_);
  return sample;
}

template <typename Handle>
bool Audit::InBatches(const Serials& serials, size_t size, Handle handle) {
  for (size_t at = 0; at < serials.size(); at += size) {
    std::vector<Glance> tasks;
    for (size_t i = at; i < std::min(serials.size(), at + size); ++i) {
      if (const std::optional<Glance> task = expectations_.Look(serials[i])) tasks.push_back(*task);
    }
    if (!tasks.empty() && !handle(tasks)) return false;
  }
  return true;
}

bool Audit::Get(const Serials& serials) {
  const bool by_id = random_() % 2 == 0;
  return InBatches(serials, kGetItems, [&](const std::vector<Glance>& tasks) { return GetSome(tasks, by_id); });
}

bool Audit::GetSome(const std::vector<Glance>& tasks, bool by_id) {
  v1::BatchGetTasksRequest request;
  request.set_view(v1::TASK_VIEW_FULL);
  for (const Glance& task : tasks) *request.add_tasks() = by_id ? ById(task.task_id) : ByToken(task.token);
  v1::BatchGetTasksResponse response;
  const grpc::Status status = client_.Call(client_.tasks(), &v1::TaskService::Stub::BatchGetTasks, request, response);
  if (!Answered(status, "BatchGetTasks")) return false;
  std::vector<Glance> left_out;
  for (size_t i = 0; i < tasks.size(); ++i) {
    const auto& item = response.items(static_cast<int>(i));
    ++looked_;
    if (item.error().reason() == v1::ERROR_REASON_OVERLOADED) {
      left_out.push_back(tasks[i]);  // the answer was full
    } else if (item.has_task()) {
      expectations_.AfterLook(tasks[i], item.task(), /*full=*/true, "BatchGetTasks");
    } else if (item.error().reason() == v1::ERROR_REASON_TASK_UNKNOWN) {
      expectations_.AfterUnknown(tasks[i], "BatchGetTasks");
    } else {
      violations_.Add(absl::StrCat("BatchGetTasks of ", tasks[i].task_id, ": ", item.error().ShortDebugString()));
    }
  }
  if (left_out.size() == tasks.size()) violations_.Add("BatchGetTasks answers nothing");
  return left_out.empty() || left_out.size() == tasks.size() || GetSome(left_out, by_id);
}

bool Audit::Resettle(const Serials& serials) {
  return InBatches(serials, kSettleItems, [&](const std::vector<Glance>& tasks) { return ResettleSome(tasks); });
}

bool Audit::ResettleSome(const std::vector<Glance>& tasks) {
  v1::BatchSettleRequest request;
  std::vector<std::pair<Glance, int>> sent;
  for (const Glance& task : tasks) {
    if (!task.ended) continue;
    const bool same = task.choice >= 0 && random_() % 2 == 0;
    const int choice = same ? task.choice : static_cast<int>(random_() % kChoices);
    expectations_.BeforeSettle(task.serial, choice);
    *request.add_items() =
        SettlementOf(random_() % 2 == 0 ? ByToken(task.token) : ById(task.task_id), task.serial, choice);
    sent.push_back({task, choice});
  }
  if (sent.empty()) return true;
  v1::BatchSettleResponse response;
  const grpc::Status status =
      client_.Call(client_.resolver(), &v1::ResolverService::Stub::BatchSettle, request, response);
  if (!Answered(status, "BatchSettle")) return false;
  for (size_t i = 0; i < sent.size(); ++i, ++looked_) {
    expectations_.AfterSettle(sent[i].first, sent[i].second, AnswerOf(response.items(static_cast<int>(i))));
  }
  return true;
}

bool Audit::Reissue(const Serials& serials) {
  return InBatches(serials, kSettleItems, [&](const std::vector<Glance>& tasks) { return ReissueSome(tasks); });
}

bool Audit::ReissueSome(const std::vector<Glance>& tasks) {
  v1::BatchIssueTasksRequest request;
  std::vector<Glance> sent;
  for (const Glance& task : tasks) {
    // A request id lives as long as its task.
    const bool forgotten = !task.task_id.empty() && task.may_be_gone;
    if (!task.plan.with_request_id || forgotten) continue;
    *request.add_items() = task.plan.Request();
    sent.push_back(task);
  }
  if (sent.empty()) return true;
  v1::BatchIssueTasksResponse response;
  const grpc::Status status = client_.Call(client_.tasks(), &v1::TaskService::Stub::BatchIssueTasks, request, response);
  if (!Answered(status, "BatchIssueTasks")) {
    for (const Glance& task : sent) expectations_.IssueInDoubt(task.serial);
    return false;
  }
  for (size_t i = 0; i < sent.size(); ++i, ++looked_) {
    const auto& item = response.items(static_cast<int>(i));
    if (item.has_issued()) {
      expectations_.AfterIssue(sent[i].serial, item.issued());
    } else if (sent[i].task_id.empty()) {
      expectations_.IssueRefused(sent[i].serial);
    } else {
      violations_.Add(absl::StrCat("issuing ", sent[i].task_id, " again: ", item.error().ShortDebugString()));
    }
  }
  return true;
}

bool Audit::AwaitAndPeek(const Serials& serials) {
  for (uint64_t serial : serials) {
    const std::optional<Glance> task = expectations_.Look(serial);
    if (!task.has_value() || !task->ended || task->may_be_gone) continue;
    v1::AwaitTaskRequest request;
    *request.mutable_task() = ByToken(task->token);
    *request.mutable_limit() = ToDuration(50);
    v1::AwaitTaskResponse response;
    const grpc::Status status = client_.Call(client_.tasks(), &v1::TaskService::Stub::AwaitTask, request, response);
    if (!Answered(status, "AwaitTask")) return false;
    expectations_.AfterLook(*task, response.task(), /*full=*/true, "AwaitTask");
    v1::PeekTaskRequest peek;
    *peek.mutable_settlement() = SettlementOf(ByToken(task->token), serial, static_cast<int>(random_() % kChoices));
    v1::PeekTaskResponse peeked;
    if (!Answered(client_.Call(client_.resolver(), &v1::ResolverService::Stub::PeekTask, peek, peeked), "PeekTask"))
      return false;
    if (peeked.result().verdict() == v1::VERDICT_ACCEPTED)
      violations_.Add("PeekTask would accept for " + task->task_id);
    looked_ += 2;
  }
  return true;
}

bool Audit::ListOwed(std::vector<v1::Delivery>& owed) {
  owed.clear();
  for (const v1::DeliveryState state : {v1::DELIVERY_STATE_DEAD_LETTERED, v1::DELIVERY_STATE_PENDING}) {
    v1::ListDeliveriesRequest request;
    request.add_states(state);
    request.set_page_size(3);
    v1::ListDeliveriesResponse response;
    const auto method = &v1::DeliveryService::Stub::ListDeliveries;
    if (!Answered(client_.Call(client_.deliveries(), method, request, response), "ListDeliveries")) return false;
    owed.insert(owed.end(), response.deliveries().begin(), response.deliveries().end());
  }
  return true;
}

bool Audit::AwaitDeliveries(const std::function<uint64_t()>& progress) {
  uint64_t delivered = progress();
  std::vector<v1::Delivery> owed;
  for (TimeMs until = NowMs() + kDeliveryPatience; ListOwed(owed);) {
    if (owed.empty() && expectations_.Undelivered().empty()) return true;
    if (!owed.empty() && owed[0].state() == v1::DELIVERY_STATE_DEAD_LETTERED) {
      violations_.Add("given up: " + owed[0].ShortDebugString());
      return true;
    }
    if (const uint64_t now = progress(); now != delivered) delivered = now, until = NowMs() + kDeliveryPatience;
    if (NowMs() > until) {
      violations_.Add(absl::StrCat(expectations_.Undelivered().size(), " outcomes do not arrive; owed: ",
                                   owed.empty() ? "none" : owed[0].ShortDebugString()));
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

bool Audit::GetByKeys(const Serials& serials) {
  for (uint64_t serial : serials) {
    const std::optional<Glance> task = expectations_.Look(serial);
    if (!task.has_value() || task->plan.key.empty()) continue;
    v1::Task seen;
    const grpc::Status status = client_.Get(ByKey(NamespaceName(task->plan.name_space), task->plan.key), seen);
    const bool unknown = ReasonOf(status) == v1::ERROR_REASON_TASK_UNKNOWN;
    if (!unknown && !Answered(status, "GetTask by key")) return false;
    expectations_.AfterKeyLook(*task, unknown ? nullptr : &seen);
    ++looked_;
  }
  return true;
}

}  // namespace tokenbroker::testing
