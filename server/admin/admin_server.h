// The port for those who run the broker: plain HTTP, for probes, Prometheus and people.
//
//   /livez     200 while the process can answer at all
//   /readyz    200 when every check passes, else 503; JSON with one entry per check, and the reasons with ?verbose
//   /metrics   Prometheus text 0.0.4, or OpenMetrics 1.0 if Accept names it
//   /version   JSON
//   /          what there is
//
// GET and HEAD only; one request a connection. It tells no secrets and changes nothing. At most 64 connections at once
// and 5 seconds for each step of one, so that neither a flood nor a slow peer costs more than its slot; the 65th takes
// the place of the one that has been silent for longest, or is told 503.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/telemetry/metrics.h"

namespace tokenbroker {

// One thing that must be so before callers are sent here.
struct ReadinessCheck {
  // In snake_case: "store_open".
  std::string name;
  bool passed = false;
  // For people; may be empty if it passed.
  std::string reason;
};

struct AdminHandlers {
  // Both run on the admin thread and must return soon: a slow one delays the other probes.
  std::function<std::vector<ReadinessCheck>()> ready;
  std::function<std::string(Exposition)> metrics;
  std::string version;
};

class AdminServer {
 public:
  // Listens on HOST:PORT, port 0 for any, and answers from its own thread from then on. INVALID_ARGUMENT for an address
  // that is none; UNAVAILABLE if it cannot be listened on.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(const std::string& listen, AdminHandlers handlers);

  // Closes all connections and joins the thread; afterwards no handler runs.
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  uint16_t port() const;

 private:
  class Impl;
  explicit AdminServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tokenbroker
