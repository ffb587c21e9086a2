// The real binary as a child process, to be killed, paused, stopped and started again.
//
// The child dies with the thread that started it, so start it from the main thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "tests/testing/child_process.h"

namespace tokenbroker::testing {

// The folder is made if it is not there.
struct BrokerOptions {
  std::string binary;
  // Holds the store ("data"), the log lines of all starts ("log") and the ports file.
  std::string folder;
  // Behind `tokenbroker dev --data ... --ports-file ...`.
  std::vector<std::string> flags;
  // As of ChildOptions.
  std::map<std::string, std::string> environment;
  DurationMs start_timeout = 30'000;

  std::string data() const { return folder + "/data"; }
  std::string log() const { return folder + "/log"; }
};

class BrokerProcess {
 public:
  // Returns once the doors are open. ABORTED if the process ended before; its text has the end of the log.
  static absl::StatusOr<std::unique_ptr<BrokerProcess>> Start(const BrokerOptions& options);

  pid_t pid() const { return child_->pid(); }
  std::string address() const { return "127.0.0.1:" + std::to_string(grpc_port_); }
  int grpc_port() const { return grpc_port_; }
  int http_port() const { return http_port_; }
  int admin_port() const { return admin_port_; }

  // As of ChildProcess. It is killed when this goes.
  void Signal(int signal) const { child_->Signal(signal); }
  void Kill() { child_->Kill(); }
  std::optional<int> WaitForEnd(DurationMs limit) { return child_->WaitForEnd(limit); }
  bool Running() { return child_->Running(); }
  void Stop(int signal = SIGTERM) { child_->Stop(signal); }
  // Resident memory now.
  size_t MemoryBytes() const;

 private:
  explicit BrokerProcess(const BrokerOptions& options) : options_(options) {}
  absl::Status Spawn();
  absl::Status AwaitPorts();
  bool ReadPorts();
  std::string ports_file() const { return options_.folder + "/ports"; }

  const BrokerOptions options_;
  std::unique_ptr<ChildProcess> child_;
  int grpc_port_ = 0;
  int http_port_ = 0;
  int admin_port_ = 0;
};

TimeMs NowMs();

}  // namespace tokenbroker::testing
