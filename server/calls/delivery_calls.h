// The calls of DeliveryService. Each reads: validate, find the task, look or act, answer. They read the store, so they
// go on on the broker's executor.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "server/calls/call.h"
#include "tokenbroker/v1/delivery_service.pb.h"

namespace tokenbroker::calls {

class ListDeliveriesCall : public UnaryCall<pb::ListDeliveriesRequest, pb::ListDeliveriesResponse> {
 public:
  using UnaryCall::UnaryCall;

 private:
  void Begin() override;
  void Show();

  broker::Sequence from_ = 0;
};

class GetDeliveryCall : public UnaryCall<pb::GetDeliveryRequest, pb::GetDeliveryResponse> {
 public:
  using UnaryCall::UnaryCall;

 private:
  void Begin() override;
  void Decided() override;
  void Show();

  broker::LocateOperation look_;
};

// Changes the delivery of one task: finds it, then puts the change to the broker.
template <typename RequestT, typename ResponseT>
class DeliveryChangeCall : public UnaryCall<RequestT, ResponseT> {
 public:
  using UnaryCall<RequestT, ResponseT>::UnaryCall;

 protected:
  void Find(const pb::TaskRef& task, broker::DeliveryState state);
  void Decided() override;
  // The change is on disk. On the executor.
  virtual void Changed(const broker::TaskRecord& before) = 0;
  // It was so already, or has become so meanwhile.
  virtual void Unchanged(const broker::TaskRecord& record) = 0;
  broker::Sequence outcome() const { return change_.outcome; }

 private:
  void Change();
  void Show();

  broker::LocateOperation look_;
  broker::DeliveryOperation change_;
  broker::TaskRecordPtr record_;
};

class DropDeliveryCall : public DeliveryChangeCall<pb::DropDeliveryRequest, pb::DropDeliveryResponse> {
 public:
  using DeliveryChangeCall::DeliveryChangeCall;

 private:
  void Begin() override;
  void Changed(const broker::TaskRecord& before) override;
  void Unchanged(const broker::TaskRecord& record) override;
};

// Changes to deliveries that a filter picks. They are handed to the broker a group at a time: limits.queue_operations
// may be less than a call may pick, and the broker takes all of a group or nothing.
class PickedDeliveries {
 public:
  // No more than the least that limits.queue_operations may be.
  static constexpr size_t kGroup = 1'000;

  // Picks at most `limit` that are to be changed to `state`, if the filter still picks them then.
  void Pick(const broker::Broker& broker, const broker::DeliveryFilter& filter, size_t limit,
            broker::DeliveryState state);
  // What is to be handed over next, when all before is answered. Empty: nothing is left, or the broker had no room for
  // the last.
  absl::Span<broker::DeliveryOperation> NextGroup();

  struct Result {
    int changed = 0;
    bool more = false;
    // Nothing was changed, for this reason.
    broker::Refusal refusal;
  };
  // Once there is no next group. What others have settled meanwhile is passed over.
  Result result() const;

 private:
  // Of the last group; null if it was taken.
  const broker::Refusal* FindOverloaded() const;

  std::unique_ptr<broker::DeliveryOperation[]> operations_;
  size_t count_ = 0;
  size_t handed_over_ = 0;
  absl::Span<broker::DeliveryOperation> group_;
  bool more_ = false;
};

class DropDeliveriesCall : public UnaryCall<pb::DropDeliveriesRequest, pb::DropDeliveriesResponse> {
 public:
  using UnaryCall::UnaryCall;

 private:
  void Begin() override;
  void Decided() override;
  void Pick();

  PickedDeliveries picked_;
};

// One, or those that a filter picks.
class RedriveDeliveriesCall : public DeliveryChangeCall<pb::RedriveDeliveriesRequest, pb::RedriveDeliveriesResponse> {
 public:
  using DeliveryChangeCall::DeliveryChangeCall;

 private:
  void Begin() override;
  void Decided() override;
  void Changed(const broker::TaskRecord& before) override;
  void Unchanged(const broker::TaskRecord& record) override;
  void Pick();

  PickedDeliveries picked_;
};

}  // namespace tokenbroker::calls
