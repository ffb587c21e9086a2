#include "server/calls/subscribe_feed.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/broker/refusals.h"
#include "server/calls/convert.h"

namespace tokenbroker::calls {
namespace {

constexpr DurationMs kRetryWhenFull = 1000;

forward::Answer AnswerOf(const pb::DeliveryAnswer& said) {
  using Kind = forward::Answer::Kind;
  forward::Answer answer;
  switch (said.answer_case()) {
    case pb::DeliveryAnswer::kLater:
      answer.kind = Kind::kLater;
      answer.code = said.later().code().empty() ? "Later" : said.later().code();
      answer.message = said.later().message();
      answer.retry_after = ParseDuration(said.later().delay()).value_or(0);
      break;
    case pb::DeliveryAnswer::kRejected:
      answer.kind = Kind::kRejected;
      answer.code = said.rejected().code();
      answer.message = said.rejected().message();
      break;
    default:
      answer.kind = Kind::kAccepted;
      answer.code = "Accepted";
  }
  return answer;
}

// State and outcome as the task itself has them.
void FillOutcome(const forward::Delivery& delivery, pb::OutgoingDelivery* out) {
  using Kind = forward::Delivery::Kind;
  pb::Outcome& outcome = *out->mutable_outcome();
  SetTimestamp(delivery.ended_at, outcome.mutable_resolved_at());
  switch (delivery.kind) {
    case Kind::kSucceeded:
      out->set_state(pb::TASK_STATE_SUCCEEDED);
      outcome.set_output(delivery.output);
      break;
    case Kind::kFailed:
      out->set_state(pb::TASK_STATE_FAILED);
      outcome.set_error(delivery.error);
      outcome.set_cause(delivery.cause);
      break;
    case Kind::kHeartbeatTimeout:
    case Kind::kTimeout:
      out->set_state(pb::TASK_STATE_EXPIRED);
      outcome.set_error(delivery.kind == Kind::kTimeout ? "Timeout" : "HeartbeatTimeout");
  }
  outcome.set_resolved_by(delivery.resolved_by.empty() ? "broker" : delivery.resolved_by);
}

void Fill(const forward::Delivery& delivery, pb::OutgoingDelivery* out) {
  out->set_delivery_id(delivery.id);
  out->set_delivery_attempt(delivery.try_number);
  out->set_may_have_arrived(delivery.may_have_arrived);
  out->set_task_id(delivery.task_id);
  out->set_namespace_(delivery.namespace_name);
  out->set_correlation_key(delivery.correlation_key);
  for (const auto& [name, value] : delivery.labels) (*out->mutable_labels())[name] = value;
  out->set_upstream_token(delivery.upstream_token);
  FillOutcome(delivery, out);
  SetTimestamp(delivery.issued_at, out->mutable_issued_at());
  if (delivery.traceparent.empty() && delivery.tracestate.empty()) return;
  out->mutable_trace()->set_traceparent(delivery.traceparent);
  out->mutable_trace()->set_tracestate(delivery.tracestate);
}

// A target takes outcomes of every namespace.
broker::Refusal RefuseUnlessMaySubscribe(const broker::Principal& principal) {
  for (const broker::Right right : {broker::kRead, broker::kAdminister}) {
    if (!(principal.everywhere & right)) return broker::LacksRight(principal, right, "*");
  }
  return {};
}

}  // namespace

void SubscribeFeed::Start() {
  parts_.streams.Enter(*this);
  Read();
}

void SubscribeFeed::Read() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!closed_) parts_.sink.Read();
}

// --- In ---

void SubscribeFeed::Take(const pb::SubscribeRequest& request) {
  broker::Refusal refusal = target_ == nullptr ? Join(request) : Validate(request, false);
  if (!refusal) refusal = Go(request);
  if (refusal) return Close(How::kRefused, std::move(refusal));
  Read();
}

broker::Refusal SubscribeFeed::Join(const pb::SubscribeRequest& request) {
  if (broker::Refusal refusal = Validate(request, true)) return refusal;
  if (broker::Refusal refusal = RefuseUnlessMaySubscribe(parts_.principal)) return refusal;
  const auto found = parts_.door.subscriber_targets.find(request.target());
  if (found == parts_.door.subscriber_targets.end()) {
    return broker::InvalidField("target", "must be the name of a configured target of kind subscriber");
  }
  forward::SubscriberTarget& target = *found->second;
  if (!target.Join(*this)) {
    return {broker::Reason::kOverloaded, "the target has as many subscribers as may be", "", kRetryWhenFull};
  }
  std::unique_lock<std::mutex> lock(mutex_);
  target_ = &target;
  if (!closed_) return {};
  // It closed before there was anything to leave.
  lock.unlock();
  target.Leave(*this, {});
  return {};
}

broker::Refusal SubscribeFeed::Go(const pb::SubscribeRequest& request) {
  for (const pb::DeliveryAnswer& said : request.answers()) target_->Settle(*this, said.delivery_id(), AnswerOf(said));
  if (target_->AddCredit(*this, request.credit())) return {};
  return broker::InvalidField("credit", "must be at most 1000, together with what is left and what is not answered");
}

// --- Out ---

bool SubscribeFeed::Take(forward::Delivery&& delivery) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return false;
  queue_.push_back(std::move(delivery));
  if (!writing_) WriteNext();
  return true;
}

void SubscribeFeed::WriteNext() {
  const forward::Delivery delivery = std::move(queue_.front());
  queue_.pop_front();
  pb::SubscribeResponse response;
  Fill(delivery, response.mutable_delivery());
  writing_ = true;
  parts_.sink.Write(response);
}

void SubscribeFeed::Written(bool ok) {
  std::unique_lock<std::mutex> lock(mutex_);
  writing_ = false;
  if (closed_) return EndIfOver(std::move(lock));
  if (ok && !queue_.empty()) WriteNext();
  lock.unlock();
  ok ? target_->Sent(*this) : Close(How::kGone);
}

// --- The end ---

void SubscribeFeed::Close(How how, broker::Refusal why) {
  std::vector<std::string> unsent;
  forward::SubscriberTarget* target = nullptr;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (std::exchange(closed_, true)) return;
    how_ = how;
    why_ = std::move(why);
    for (const forward::Delivery& delivery : queue_) unsent.push_back(delivery.id);
    queue_.clear();
    target = target_;
  }
  if (target != nullptr) target->Leave(*this, unsent);
  std::unique_lock<std::mutex> lock(mutex_);
  left_ = true;
  EndIfOver(std::move(lock));
}

void SubscribeFeed::EndIfOver(std::unique_lock<std::mutex> lock) {
  if (!left_ || writing_ || std::exchange(ended_, true)) return;
  const How how = how_;
  const broker::Refusal why = why_;
  lock.unlock();
  parts_.sink.End(how, Refused{why});
}

}  // namespace tokenbroker::calls
