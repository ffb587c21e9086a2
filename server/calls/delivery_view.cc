#include "server/calls/delivery_view.h"

#include "server/calls/convert.h"

namespace tokenbroker::calls {
namespace {

void FillTries(const forward::Schedule::Look& look, pb::Delivery* out) {
  out->set_attempts(look.tries);
  if (look.next_try != 0) SetTimestamp(look.next_try, out->mutable_next_attempt_at());
  out->set_answer_code(look.code);
  out->set_answer_message(look.message);
  if (look.may_have_arrived) out->set_may_have_arrived(true);
}

}  // namespace

void FillDelivery(const Door& door, const broker::TaskRecord& record, pb::Delivery* out) {
  const broker::DeliveryRecord& delivery = *record.delivery;
  out->set_task_id(door.broker.IdOf(record.task));
  out->set_namespace_(std::string(record.issued.name_space));
  out->set_correlation_key(std::string(record.issued.correlation_key));
  out->set_target(std::string(record.outcome->target));
  out->set_state(static_cast<pb::DeliveryState>(delivery.state));
  out->set_outcome(ToProto(record.state));
  SetTimestamp(record.outcome->time, out->mutable_owed_at());
  out->set_may_have_arrived(delivery.may_have_arrived);
  if (delivery.state == broker::DeliveryState::kPending) {
    if (door.forwarder == nullptr) return;
    const auto look = door.forwarder->Look(record.outcome->target, record.outcome_at);
    if (look.has_value()) FillTries(*look, out);
    return;
  }
  out->set_attempts(delivery.tries);
  out->set_answer_code(delivery.code);
  out->set_answer_message(delivery.message);
  SetTimestamp(delivery.time, out->mutable_settled_at());
  out->set_settled_by(delivery.by);
}

void FillWholeTask(const Door& door, const broker::TaskRecord& record, pb::TaskView view, pb::Task* out) {
  FillTask(record, view, out);
  if (record.delivery.has_value()) FillDelivery(door, record, out->mutable_delivery());
}

}  // namespace tokenbroker::calls
