// Counts what the HTTP server does.
#pragma once

#include <map>
#include <mutex>

#include "server/http/observer.h"
#include "server/telemetry/broker_metrics.h"

namespace tokenbroker::web {

// Of one server: knows its routes by where they are. Thread-safe.
class HttpObserver final : public http::Observer {
 public:
  // `metrics` must outlive it.
  explicit HttpObserver(BrokerMetrics& metrics) : metrics_(metrics) {}

  void OnAnswered(const http::Route* route, int status, int64_t micros) override;
  void OnConnections(int delta) override { metrics_.http_connections.Add(delta); }
  void OnHangup(http::Hangup why) override;

 private:
  RouteMetrics& MetricsOf(const http::Route* route);

  BrokerMetrics& metrics_;
  std::mutex mutex_;
  std::map<const http::Route*, RouteMetrics*> routes_;  // guarded by mutex_
};

}  // namespace tokenbroker::web
