// The broker under measurement: its own program, as a child, on ports of its choice.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/metrics_page.h"
#include "tests/testing/broker_process.h"

namespace tokenbroker::benchmarks {

class BrokerServer {
 public:
  // Starts it on the data of a folder, with these flags and variables besides, and waits until it has said where it
  // listens. Throws if it does not.
  BrokerServer(const std::string& program, const std::string& folder, const std::vector<std::string>& flags = {},
               const std::map<std::string, std::string>& environment = {});
  // SIGTERM, as Stop.
  ~BrokerServer() { Stop(); }

  pid_t process() const { return process_->pid(); }
  int http_port() const { return process_->http_port(); }
  std::string target() const { return process_->address(); }
  MetricsPage Metrics() const;
  // Waits until it has used next to no CPU from one look to the next: compactions and checkpoints are done. At most a
  // minute.
  void WaitUntilQuiet(std::chrono::milliseconds look = std::chrono::seconds(1)) const;
  // Waits for its end, and kills it if that takes too long.
  void Stop(int signal = SIGTERM) { process_->Stop(signal); }

 private:
  std::unique_ptr<testing::BrokerProcess> process_;
};

}  // namespace tokenbroker::benchmarks
