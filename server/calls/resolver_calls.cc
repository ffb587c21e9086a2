#include "server/calls/resolver_calls.h"

#include <vector>

#include "server/calls/convert.h"
#include "server/calls/delivery_view.h"
#include "server/calls/fill.h"
#include "server/calls/items.h"
#include "server/calls/judged.h"
#include "server/calls/read_calls.h"

namespace tokenbroker::calls {
namespace {

void FillBeat(const broker::HeartbeatOperation& operation, pb::HeartbeatResponse* out) {
  out->set_cancel_requested(operation.cancel_requested);
  if (operation.next_due != 0) SetTimestamp(operation.next_due, out->mutable_next_due());
  SetDuration(operation.remaining, out->mutable_remaining());
  SetDuration(operation.heartbeat_timeout, out->mutable_heartbeat_timeout());
}

Refused RefusedBy(const broker::TaskOperation& operation) {
  return {operation.refusal, operation.task, operation.recorded.get()};
}

}  // namespace

// --- Heartbeat ---

void HeartbeatCall::Begin() {
  operation_.refusal = Validate(request());
  if (operation_.refusal) return Decided();
  Fill(broker(), request(), operation_);
  broker().Ask(Own(operation_));
}

void HeartbeatCall::Decided() {
  Judged(door(), principal(), operation_);
  if (operation_.refusal) return Refuse(RefusedBy(operation_));
  FillBeat(operation_, &response());
  Answer();
}

// --- Succeed, Fail ---

template <typename RequestT, typename ResponseT>
void SettleCall<RequestT, ResponseT>::Begin() {
  operation_.refusal = Validate(this->request(), this->door().limits);
  if (operation_.refusal) {
    operation_.state = kState;
    operation_.verdict = broker::Verdict::kRefused;
    return Decided();
  }
  Fill(this->broker(), this->request(), operation_);
  this->broker().Submit(this->Own(operation_));
}

template <typename RequestT, typename ResponseT>
void SettleCall<RequestT, ResponseT>::Decided() {
  if (delivery_ != nullptr) return this->broker().executor().Run([this] { ShowDelivery(); });
  Judged(this->door(), this->principal(), operation_);
  if (operation_.refusal) return this->Refuse(RefusedBy(operation_));
  this->response().set_verdict(ToProto(operation_.verdict));
  if (operation_.task != 0) this->response().set_task_id(this->broker().IdOf(operation_.task));
  if (this->request().has_wait_for_delivery() && operation_.outcome_at != 0) return WaitForDelivery();
  this->Answer();
}

// Whatever comes of the wait, the outcome is recorded: the answer is OK.
template <typename RequestT, typename ResponseT>
void SettleCall<RequestT, ResponseT>::WaitForDelivery() {
  delivery_ = std::make_unique<broker::AwaitOperation>();
  delivery_->delivery_of = operation_.outcome_at;
  delivery_->limit = ParseDuration(this->request().wait_for_delivery()).value_or(0);
  this->Reset(1);
  this->broker().Submit(this->Own(*delivery_));
}

template <typename RequestT, typename ResponseT>
void SettleCall<RequestT, ResponseT>::ShowDelivery() {
  absl::StatusOr<broker::TaskRecordPtr> record = this->broker().LoadOutcomeAt(operation_.outcome_at);
  if (record.ok() && (*record)->delivery.has_value()) {
    FillDelivery(this->door(), **record, this->response().mutable_delivery());
  }
  this->Answer();
}

template class SettleCall<pb::SucceedRequest, pb::SucceedResponse>;
template class SettleCall<pb::FailRequest, pb::FailResponse>;

// --- Batches ---

void BatchHeartbeatCall::Begin() {
  const int size = request().items_size();
  if (const broker::Refusal refusal = ValidateBatch(size)) return Refuse(refusal);
  operations_.reset(new broker::HeartbeatOperation[size]);
  Reset(size + 1);
  std::vector<broker::Operation*> later;
  for (int i = 0; i < size; ++i) {
    broker::HeartbeatOperation& operation = operations_[i];
    operation.refusal = Validate(request().items(i));
    if (operation.refusal) {
      Answered();
      continue;
    }
    Fill(broker(), request().items(i), operation);
    if (!broker().TryNow(Own(operation))) later.push_back(&operation);
  }
  if (!later.empty()) broker().Submit(later);
  Answered();  // all are handed over
}

void BatchHeartbeatCall::Decided() {
  for (int i = 0; i < request().items_size(); ++i) {
    const broker::HeartbeatOperation& operation = operations_[i];
    Judged(door(), principal(), operation);
    auto* item = response().add_items();
    if (operation.refusal) {
      FillItemError(RefusedBy(operation), item->mutable_error());
    } else {
      FillBeat(operation, item->mutable_beat());
    }
  }
  Answer();
}

broker::Refusal BatchSettleCall::ReadRequest(std::string_view bytes) {
  in_bytes_ = true;
  size_t place = 0;
  return ReadItems<Request, pb::Settlement>(
      bytes, arena(), [&](size_t size) { batch_.emplace(Settling(), size, [this] { Settled(); }); },
      [&](const pb::Settlement& item) {
        batch_->Take(place, item);
        batch_->KeepTexts(place++);
      });
}

void BatchSettleCall::Begin() {
  if (!in_bytes_) {
    if (const broker::Refusal refusal = ValidateBatch(request().items_size())) return Refuse(refusal);
    batch_.emplace(Settling(), request().items(), [this] { Settled(); });
  }
  batch_->Start();
}

void BatchSettleCall::Settled() {
  if (!in_bytes_) batch_->FillResults(response().mutable_items());
  Answer();
}

void BatchSettleCall::WriteResponse(std::string& bytes) {
  WriteItems<pb::SettlementResult>(
      batch_->size(), arena(), [this](size_t i, pb::SettlementResult* result) { batch_->FillResult(i, result); },
      bytes);
}

// --- Peek ---

void PeekTaskCall::Begin() {
  if (const broker::Refusal refusal = Validate(request(), door().limits)) return Refuse(refusal);
  Fill(broker(), request().settlement(), operation_);
  operation_.request_id = {};
  operation_.park_for = 0;
  operation_.dry_run = true;
  broker().Submit(Own(operation_));
}

void PeekTaskCall::Decided() { judged_ ? Looked() : LookAtTask(); }

void PeekTaskCall::LookAtTask() {
  judged_ = true;
  const broker::Reason reason = operation_.refusal.reason;
  if (reason == broker::Reason::kOverloaded || reason == broker::Reason::kInternal) return Refuse(operation_.refusal);
  look_.address = operation_.address;
  Reset(1);
  broker().Ask(Own(look_));
}

void PeekTaskCall::Looked() {
  if (!look_.refusal) return Read([this] { Show(); });
  // Nobody waits under the key, which the caller may read: the outcome would be parked, or refused that.
  const bool nobody_waits = look_.refusal.reason == broker::Reason::kTaskUnknown &&
                            look_.address.kind == broker::TaskAddress::Kind::kKey && operation_.task == 0;
  if (!nobody_waits) return Refuse(look_.refusal);
  FillResult(operation_, response().mutable_result());
  Answer();
}

void PeekTaskCall::Show() {
  absl::StatusOr<broker::TaskRecordPtr> record = LoadVisible(broker(), look_.address, principal(), look_.located);
  if (!record.ok()) return Refuse(ReadRefusal(record.status()));
  FillResult(operation_, response().mutable_result());
  FillTask(**record, pb::TASK_VIEW_FULL, response().mutable_task());
  Answer();
}

}  // namespace tokenbroker::calls
