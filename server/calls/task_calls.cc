#include "server/calls/task_calls.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "server/broker/refusals.h"
#include "server/calls/convert.h"
#include "server/calls/delivery_view.h"
#include "server/calls/fill.h"
#include "server/calls/items.h"
#include "server/calls/read_calls.h"

namespace tokenbroker::calls {
namespace {

// What is to be known before the broker is asked: the form of the request, and the right, which an issue takes from no
// task.
broker::Refusal CheckIssue(const pb::IssueTaskRequest& request, const InputLimits& limits,
                           const broker::Principal& principal) {
  if (broker::Refusal refusal = Validate(request, limits)) return refusal;
  if (principal.May(broker::kIssue, request.namespace_())) return {};
  return broker::LacksRight(principal, broker::kIssue, request.namespace_());
}

// Sets every field.
void FillIssued(const broker::Broker& broker, const broker::IssueOperation& operation, pb::IssueTaskResponse* out) {
  broker.WriteId(operation.task, *out->mutable_task_id());
  broker.WriteToken(operation.task, *out->mutable_token());
  SetTimestamp(operation.deadline, out->mutable_deadline());
  out->set_state(ToProto(operation.state));
  out->set_replayed(operation.replayed);
  out->clear_superseded_task_id();
  if (operation.superseded != 0) broker.WriteId(operation.superseded, *out->mutable_superseded_task_id());
}

}  // namespace

// --- Issue ---

void IssueTaskCall::Begin() {
  if (const broker::Refusal refusal = CheckIssue(request(), door().limits, principal())) return Refuse(refusal);
  Fill(broker(), request(), door().limits, operation_);
  broker().Submit(Own(operation_));
}

void IssueTaskCall::Decided() {
  if (operation_.refusal) return Refuse(operation_.refusal);
  FillIssued(broker(), operation_, &response());
  Answer();
}

void BatchIssueTasksCall::Take(const Item& item, broker::IssueOperation& operation) {
  if (broker::Refusal refusal = CheckIssue(item, door().limits, principal())) {
    operation.refusal = std::move(refusal);
  } else {
    Fill(broker(), item, door().limits, operation);
  }
}

void BatchIssueTasksCall::Tell(const broker::IssueOperation& operation, Result* result) const {
  if (operation.refusal) {
    FillItemError({operation.refusal}, result->mutable_error());
  } else {
    FillIssued(broker(), operation, result->mutable_issued());
  }
}

broker::Refusal BatchIssueTasksCall::ReadRequest(std::string_view bytes) {
  in_bytes_ = true;
  broker::IssueOperation* next = nullptr;
  return ReadItems<Request, Item>(
      bytes, arena(),
      [&](size_t size) {
        operations_.Make(arena(), size);
        next = operations_.begin();
      },
      [&](const Item& item) {
        Take(item, *next);
        KeepTexts(arena(), next->request);
        ++next;
      });
}

void BatchIssueTasksCall::Begin() {
  if (!in_bytes_) {
    const auto& items = request().items();
    if (const broker::Refusal refusal = ValidateBatch(items.size())) return Refuse(refusal);
    operations_.Make(arena(), items.size());
    for (int i = 0; i < items.size(); ++i) Take(items[i], operations_[i]);
  }
  std::vector<broker::Operation*> valid;
  valid.reserve(operations_.size());
  for (broker::IssueOperation& operation : operations_) {
    if (!operation.refusal) valid.push_back(&Own(operation));
  }
  Reset(valid.size() + 1);
  if (!valid.empty()) broker().Submit(valid);
  Answered();  // all are handed over
}

void BatchIssueTasksCall::Decided() {
  if (!in_bytes_) {
    for (broker::IssueOperation& operation : operations_) Tell(operation, response().add_items());
  }
  Answer();
}

void BatchIssueTasksCall::WriteResponse(std::string& bytes) {
  WriteItems<Result>(
      operations_.size(), arena(), [this](size_t i, Result* result) { Tell(operations_[i], result); }, bytes);
}

// --- Cancel, extend ---

template <typename RequestT, typename ResponseT, typename Operation>
void ChangeCall<RequestT, ResponseT, Operation>::Begin() {
  if (const broker::Refusal refusal = Validate(this->request())) return this->Refuse(refusal);
  Fill(this->broker(), this->request(), operation_);
  this->broker().Submit(this->Own(operation_));
}

template <typename RequestT, typename ResponseT, typename Operation>
void ChangeCall<RequestT, ResponseT, Operation>::Decided() {
  if (!changed_) return Changed();
  if (look_.refusal) return this->Refuse(look_.refusal);
  this->broker().executor().Run([this] { Show(); });
}

template <typename RequestT, typename ResponseT, typename Operation>
void ChangeCall<RequestT, ResponseT, Operation>::Changed() {
  changed_ = true;
  if (operation_.refusal) return this->Refuse(Refused{operation_.refusal, operation_.task, operation_.recorded.get()});
  // Whoever may change the task is shown it: the right to look is not asked for again.
  look_.address.kind = broker::TaskAddress::Kind::kToken;
  look_.address.task = operation_.task;
  this->Reset(1);
  this->broker().Ask(this->Own(look_));
}

template <typename RequestT, typename ResponseT, typename Operation>
void ChangeCall<RequestT, ResponseT, Operation>::Show() {
  absl::StatusOr<broker::TaskRecordPtr> record = this->broker().Load(look_.located);
  if (!record.ok()) return this->Refuse(ReadRefusal(record.status()));
  FillTask(**record, pb::TASK_VIEW_FULL, this->response().mutable_task());
  this->Answer();
}

template class ChangeCall<pb::CancelTaskRequest, pb::CancelTaskResponse, broker::CancelOperation>;
template class ChangeCall<pb::ExtendDeadlineRequest, pb::ExtendDeadlineResponse, broker::ExtendOperation>;

// --- Await ---

void AwaitTaskCall::Begin() {
  if (const broker::Refusal refusal = Validate(request())) return Refuse(refusal);
  Fill(broker(), request(), operation_);
  until_ = broker().clock().Now() + operation_.limit;
  broker().Ask(Own(operation_));
}

void AwaitTaskCall::Decided() {
  const broker::AwaitOperation& awaited = delivery_ == nullptr ? operation_ : *delivery_;
  if (awaited.refusal) return Refuse(awaited.refusal);
  const bool ended = operation_.located.outcome_at != 0;
  if (request().wait_for_delivery() && ended && delivery_ == nullptr) return WaitForDelivery();
  // Who has waited is told, however many end at once.
  if (operation_.waited || awaited.waited) return broker().executor().Run([this] { Show(); });
  Read([this] { Show(); });
}

void AwaitTaskCall::WaitForDelivery() {
  delivery_ = std::make_unique<broker::AwaitOperation>();
  delivery_->delivery_of = operation_.located.outcome_at;
  delivery_->limit = std::max<DurationMs>(until_ - broker().clock().Now(), 0);
  Reset(1);
  broker().Submit(Own(*delivery_));
}

void AwaitTaskCall::Cancel() {
  // Otherwise it is answered soon.
  if (broker().CancelAwait(delivery_ == nullptr ? operation_ : *delivery_)) Abandon();
}

void AwaitTaskCall::Show() {
  absl::StatusOr<broker::TaskRecordPtr> record =
      LoadVisible(broker(), operation_.address, principal(), operation_.located);
  if (!record.ok()) return Refuse(ReadRefusal(record.status()));
  FillWholeTask(door(), **record, pb::TASK_VIEW_FULL, response().mutable_task());
  Answer();
}

}  // namespace tokenbroker::calls
