// Many outcomes in one message: judged one by one, answered together.
#pragma once

#include <functional>
#include <memory>

#include "base/home.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "server/broker/operation.h"
#include "server/calls/door.h"

namespace tokenbroker::calls {

class SettleBatch : private broker::Submission, private Visit {
 public:
  using Items = google::protobuf::RepeatedPtrField<pb::Settlement>;
  using Results = google::protobuf::RepeatedPtrField<pb::SettlementResult>;

  // `items` must outlive the batch. `settled` is called once, at home, perhaps within Start; it may destroy the batch.
  SettleBatch(const Door& door, const broker::Principal& principal, Home& home, const Items& items,
              std::function<void()> settled);

  void Start();
  // Once settled: one result per item.
  void FillResults(Results* out) const;

 private:
  void Done() override { home_.Here() ? Resume() : home_.Post(*this); }
  void Resume() override;

  const Door& door_;
  const broker::Principal& principal_;
  Home& home_;
  const Items& items_;
  std::function<void()> settled_;
  std::unique_ptr<broker::ResolveOperation[]> operations_;
};

void FillResult(const broker::ResolveOperation& operation, pb::SettlementResult* out);

}  // namespace tokenbroker::calls
