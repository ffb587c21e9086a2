// What a drop wants of the broker.
#pragma once

#include <string>
#include <vector>

#include "google/protobuf/repeated_ptr_field.h"
#include "tokenbroker/v1/resolver_service.pb.h"

namespace tokenbroker::drop {

class Settler {
 public:
  using Items = google::protobuf::RepeatedPtrField<v1::Settlement>;
  using Results = google::protobuf::RepeatedPtrField<v1::SettlementResult>;

  virtual ~Settler() = default;
  // The ids of the tasks that have these keys now; empty for a key that leads to none. Blocks until it is known.
  virtual std::vector<std::string> FindTasks(const std::vector<v1::TaskRef>& keys) = 0;
  // One result per item. Blocks until all are answered.
  virtual void Settle(const Items& items, Results* results) = 0;
};

}  // namespace tokenbroker::drop
