#include "server/calls/delivery_calls.h"

#include <algorithm>

#include "server/broker/refusals.h"
#include "server/calls/convert.h"
#include "server/calls/cursor.h"
#include "server/calls/delivery_view.h"
#include "server/calls/fill.h"
#include "server/calls/read_calls.h"

namespace tokenbroker::calls {
namespace {

// How many records are loaded at once: all of them are in memory, whole.
constexpr size_t kRecordsAtOnce = 32;

// Without a namespace the right is wanted in all of them.
broker::Refusal RefuseWithout(broker::Right right, const broker::Principal& principal, const std::string& name_space) {
  const bool may = name_space.empty() ? (principal.everywhere & right) != 0 : principal.May(right, name_space);
  return may ? broker::Refusal() : broker::LacksRight(principal, right, name_space.empty() ? "*" : name_space);
}

template <typename Request>
std::vector<broker::DeliveryState> StatesOf(const Request& request) {
  std::vector<broker::DeliveryState> states;
  for (int state : request.states()) states.push_back(static_cast<broker::DeliveryState>(state));
  return states;
}

template <typename Request>
size_t LimitOf(const Request& request) {
  return request.limit() == 0 ? kDefaultPicked : request.limit();
}

}  // namespace

// --- List ---

void ListDeliveriesCall::Begin() {
  if (const broker::Refusal refusal = Validate(request())) return Refuse(refusal);
  if (const broker::Refusal refusal = RefuseWithout(broker::kRead, principal(), request().namespace_())) {
    return Refuse(refusal);
  }
  if (const broker::Refusal refusal = ReadPageToken(request(), from_)) return Refuse(refusal);
  Read([this] { Show(); });
}

void ListDeliveriesCall::Show() {
  const broker::DeliveryFilter filter{StatesOf(request()), request().namespace_(), request().target()};
  const int asked = request().page_size();
  size_t room = asked == 0 ? kDefaultPage : std::min(asked, kMaxPage);
  absl::StatusOr<broker::Candidates> candidates = broker().DeliveryCandidates(filter, from_);
  if (!candidates.ok()) return Refuse(ReadRefusal(candidates.status()));
  while (!candidates->done() && room > 0) {
    const auto tasks = broker().Deliveries(filter, *candidates, std::min(room, kRecordsAtOnce));
    if (!tasks.ok()) return Refuse(ReadRefusal(tasks.status()));
    for (const broker::TaskRecordPtr& task : *tasks) FillDelivery(door(), *task, response().add_deliveries());
    room -= tasks->size();
  }
  const broker::Sequence next = candidates->next();
  if (next != 0) response().set_next_page_token(FormatPageToken(next, HashConditions(request())));
  Answer();
}

// --- Get ---

void GetDeliveryCall::Begin() {
  if (const broker::Refusal refusal = Validate(request())) return Refuse(refusal);
  look_.address = AddressOf(broker(), request().task());
  broker().Ask(Own(look_));
}

void GetDeliveryCall::Decided() {
  if (look_.refusal) return Refuse(look_.refusal);
  Read([this] { Show(); });
}

void GetDeliveryCall::Show() {
  absl::StatusOr<broker::TaskRecordPtr> record = LoadVisible(broker(), look_.address, principal(), look_.located);
  if (!record.ok()) return Refuse(ReadRefusal(record.status()));
  if (!(*record)->delivery.has_value()) return Refuse(DeliveryUnknown());
  FillDelivery(door(), **record, response().mutable_delivery());
  Answer();
}

// --- Change one ---

template <typename RequestT, typename ResponseT>
void DeliveryChangeCall<RequestT, ResponseT>::Find(const pb::TaskRef& task, broker::DeliveryState state) {
  change_.state = state;
  look_.address = AddressOf(this->broker(), task);
  // Whether there is such a task is not told to those who may not change its delivery.
  const std::string_view name_space = look_.address.name_space;
  if (task.has_key() && !this->principal().May(broker::kAdminister, name_space)) {
    return this->Refuse(broker::LacksRight(this->principal(), broker::kAdminister, name_space));
  }
  this->broker().Ask(this->Own(look_));
}

template <typename RequestT, typename ResponseT>
void DeliveryChangeCall<RequestT, ResponseT>::Decided() {
  if (look_.refusal) return this->Refuse(look_.refusal);
  if (record_ == nullptr) return this->Read([this] { Change(); });
  this->broker().executor().Run([this] { Show(); });  // it is changed: that is told in any case
}

template <typename RequestT, typename ResponseT>
void DeliveryChangeCall<RequestT, ResponseT>::Change() {
  absl::StatusOr<broker::TaskRecordPtr> record =
      LoadVisible(this->broker(), look_.address, this->principal(), look_.located);
  if (!record.ok()) return this->Refuse(ReadRefusal(record.status()));
  const broker::TaskRecord& found = **record;
  if (!this->principal().May(broker::kAdminister, found.issued.name_space)) {
    return this->Refuse(broker::LacksRight(this->principal(), broker::kAdminister, found.issued.name_space));
  }
  if (!found.delivery.has_value()) return this->Refuse(DeliveryUnknown());
  if (found.delivery->state == change_.state) return Unchanged(found);
  record_ = *std::move(record);
  change_.outcome = record_->outcome_at;
  this->Reset(1);
  this->broker().Submit(this->Own(change_));
}

template <typename RequestT, typename ResponseT>
void DeliveryChangeCall<RequestT, ResponseT>::Show() {
  if (change_.changed) return Changed(*record_);
  if (!change_.refusal) return Unchanged(*record_);
  // Somebody else may have been quicker to do the same.
  absl::StatusOr<broker::TaskRecordPtr> record = this->broker().LoadOutcomeAt(change_.outcome);
  const bool same = record.ok() && (*record)->delivery.has_value() && (*record)->delivery->state == change_.state;
  same ? Unchanged(**record) : this->Refuse(change_.refusal);
}

template class DeliveryChangeCall<pb::DropDeliveryRequest, pb::DropDeliveryResponse>;
template class DeliveryChangeCall<pb::RedriveDeliveriesRequest, pb::RedriveDeliveriesResponse>;

// --- Drop ---

void DropDeliveryCall::Begin() {
  if (const broker::Refusal refusal = Validate(request())) return Refuse(refusal);
  Find(request().task(), broker::DeliveryState::kDropped);
}

void DropDeliveryCall::Changed(const broker::TaskRecord& before) {
  absl::StatusOr<broker::TaskRecordPtr> record = broker().LoadOutcomeAt(outcome());
  if (!record.ok()) return Refuse(ReadRefusal(record.status()));
  Unchanged(**record);
}

void DropDeliveryCall::Unchanged(const broker::TaskRecord& record) {
  FillDelivery(door(), record, response().mutable_delivery());
  Answer();
}

// --- Picked ones ---

void PickedDeliveries::Pick(const broker::Broker& broker, const broker::DeliveryFilter& filter, size_t limit,
                            broker::DeliveryState state) {
  const auto picks = [&](broker::DeliveryState any) {
    return std::find(filter.states.begin(), filter.states.end(), any) != filter.states.end();
  };
  std::optional<bool> if_dead;
  if (!picks(broker::DeliveryState::kPending)) if_dead = true;
  if (!picks(broker::DeliveryState::kDeadLettered)) if_dead = false;
  std::vector<broker::Sequence> outcomes;
  broker::Sequence from = 0;
  do {
    const broker::OwedPage page = broker.OwedOutcomes(filter, from, limit - outcomes.size());
    outcomes.insert(outcomes.end(), page.outcomes.begin(), page.outcomes.end());
    from = page.next;
  } while (from != 0 && outcomes.size() < limit);
  more_ = from != 0;
  count_ = outcomes.size();
  operations_.reset(new broker::DeliveryOperation[count_]);
  for (size_t i = 0; i < count_; ++i) {
    operations_[i].outcome = outcomes[i];
    operations_[i].state = state;
    operations_[i].if_dead = if_dead;
  }
}

absl::Span<broker::DeliveryOperation> PickedDeliveries::NextGroup() {
  if (FindOverloaded() != nullptr) return {};
  group_ = absl::MakeSpan(operations_.get(), count_).subspan(handed_over_, kGroup);
  handed_over_ += group_.size();
  return group_;
}

// A group is taken or refused as one.
const broker::Refusal* PickedDeliveries::FindOverloaded() const {
  const auto found = std::find_if(group_.begin(), group_.end(), [](const broker::DeliveryOperation& operation) {
    return operation.refusal.reason == broker::Reason::kOverloaded;
  });
  return found == group_.end() ? nullptr : &found->refusal;
}

PickedDeliveries::Result PickedDeliveries::result() const {
  Result result;
  result.more = more_;
  for (size_t i = 0; i < handed_over_; ++i) result.changed += operations_[i].changed;
  const broker::Refusal* const overloaded = FindOverloaded();
  if (overloaded == nullptr) return result;
  result.more = true;
  if (result.changed == 0) result.refusal = *overloaded;
  return result;
}

// --- Drop many ---

void DropDeliveriesCall::Begin() {
  if (const broker::Refusal refusal = Validate(request())) return Refuse(refusal);
  if (const broker::Refusal refusal = RefuseWithout(broker::kAdminister, principal(), request().namespace_())) {
    return Refuse(refusal);
  }
  Read([this] { Pick(); });
}

void DropDeliveriesCall::Pick() {
  const broker::DeliveryFilter filter{StatesOf(request()), request().namespace_(), request().target()};
  picked_.Pick(broker(), filter, LimitOf(request()), broker::DeliveryState::kDropped);
  Decided();
}

void DropDeliveriesCall::Decided() {
  if (const auto group = picked_.NextGroup(); !group.empty()) return SubmitAll(group);
  const PickedDeliveries::Result result = picked_.result();
  if (result.refusal) return Refuse(result.refusal);
  response().set_dropped(result.changed);
  response().set_more(result.more);
  Answer();
}

// --- Redrive ---

void RedriveDeliveriesCall::Begin() {
  if (const broker::Refusal refusal = Validate(request())) return Refuse(refusal);
  if (request().has_task()) return Find(request().task(), broker::DeliveryState::kPending);
  if (const broker::Refusal refusal = RefuseWithout(broker::kAdminister, principal(), request().namespace_())) {
    return Refuse(refusal);
  }
  Read([this] { Pick(); });
}

void RedriveDeliveriesCall::Changed(const broker::TaskRecord& before) {
  response().set_redriven(1);
  Answer();
}

void RedriveDeliveriesCall::Unchanged(const broker::TaskRecord& record) { Answer(); }

void RedriveDeliveriesCall::Pick() {
  const broker::DeliveryFilter filter{
      {broker::DeliveryState::kDeadLettered}, request().namespace_(), request().target()};
  picked_.Pick(broker(), filter, LimitOf(request()), broker::DeliveryState::kPending);
  Decided();
}

void RedriveDeliveriesCall::Decided() {
  if (request().has_task()) return DeliveryChangeCall::Decided();
  if (const auto group = picked_.NextGroup(); !group.empty()) return SubmitAll(group);
  const PickedDeliveries::Result result = picked_.result();
  if (result.refusal) return Refuse(result.refusal);
  response().set_redriven(result.changed);
  response().set_more(result.more);
  Answer();
}

}  // namespace tokenbroker::calls
