// grpc.health.v1.Health: the status of the server and of each service.
#pragma once

#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "grpc/health/v1/health.pb.h"
#include "server/rpc/method_table.h"

namespace tokenbroker::rpc {

class HealthWatch;

// Thread-safe. Outlives the server.
class Health {
 public:
  using Status = grpc::health::v1::HealthCheckResponse::ServingStatus;

  // Before the server listens. "" for the whole server is there always.
  void Add(std::string service) { services_.insert(std::move(service)); }

  // Of all services; tells those who watch.
  void SetServing(bool serving);
  // SERVICE_UNKNOWN if there is no such service.
  Status Of(const std::string& service) const;

  void AddTo(MethodTable& table);

 private:
  friend class HealthWatch;

  std::set<std::string> services_{""};
  mutable std::mutex mutex_;
  bool serving_ = false;            // guarded by mutex_
  std::set<HealthWatch*> watches_;  // guarded by mutex_
};

}  // namespace tokenbroker::rpc
