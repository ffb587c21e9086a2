// Many outcomes in one message: judged one by one, answered together.
#pragma once

#include <functional>
#include <memory>

#include "google/protobuf/repeated_ptr_field.h"
#include "server/broker/operation.h"
#include "server/rpc/door.h"

namespace tokenbroker::rpc {

class SettleBatch : private broker::Submission {
 public:
  using Items = google::protobuf::RepeatedPtrField<pb::Settlement>;
  using Results = google::protobuf::RepeatedPtrField<pb::SettlementResult>;

  // `items` must outlive the batch. `settled` is called once, from the broker's threads or within Start; it must not
  // block, and may destroy the batch.
  SettleBatch(const Door& door, const broker::Principal& principal, const Items& items, std::function<void()> settled);

  void Start();
  // Once settled: one result per item.
  void FillResults(Results* out) const;

 private:
  void Done() override {
    const std::function<void()> settled = std::move(settled_);  // survives the batch
    settled();
  }

  const Door& door_;
  const broker::Principal& principal_;
  const Items& items_;
  std::function<void()> settled_;
  std::unique_ptr<broker::ResolveOperation[]> operations_;
};

void FillResult(const broker::ResolveOperation& operation, pb::SettlementResult* out);

}  // namespace tokenbroker::rpc
