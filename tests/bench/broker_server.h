// The broker under measurement: its own program, as a child, on ports of its choice.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/metrics_page.h"
#include "tests/bench/process.h"

namespace tokenbroker::benchmarks {

class BrokerServer {
 public:
  // Starts it on the data folder, with these flags besides, and waits until it has said where it listens. Throws if it
  // does not.
  BrokerServer(const std::string& program, const std::string& data, const std::vector<std::string>& flags = {});

  pid_t process() const { return process_->id(); }
  int http_port() const { return http_port_; }
  std::string target() const { return "127.0.0.1:" + std::to_string(grpc_port_); }
  MetricsPage Metrics() const;
  // Waits until it has used next to no CPU from one look to the next: compactions and checkpoints are done. At most a
  // minute.
  void WaitUntilQuiet(std::chrono::milliseconds look = std::chrono::seconds(1)) const;
  // SIGTERM, or the signal given.
  void Stop(int signal = 0) { process_->Stop(signal); }

 private:
  void WaitForPorts(const std::string& file, const std::string& log);

  std::unique_ptr<Process> process_;
  int grpc_port_ = 0;
  int http_port_ = 0;
  int admin_port_ = 0;
};

}  // namespace tokenbroker::benchmarks
