// What a drop wants of the broker.
#pragma once

#include "google/protobuf/repeated_ptr_field.h"
#include "tokenbroker/v1/resolver_service.pb.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::drop {

class Settler {
 public:
  using Items = google::protobuf::RepeatedPtrField<v1::Settlement>;
  using Results = google::protobuf::RepeatedPtrField<v1::SettlementResult>;

  virtual ~Settler() = default;
  // The tasks that have these keys now, of each the id alone, or why there is none to tell. Blocks until all are known.
  virtual v1::BatchGetTasksResponse FindTasks(const v1::BatchGetTasksRequest& keys) = 0;
  // One result per item. Blocks until all are answered.
  virtual void Settle(const Items& items, Results* results) = 0;
};

}  // namespace tokenbroker::drop
