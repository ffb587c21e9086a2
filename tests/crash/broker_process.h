// The real binary as a child process, to be killed, paused, stopped and started again.
//
// The child dies with the thread that started it, so start it from the main thread.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"

namespace tokenbroker::testing {

// The folder is made if it is not there.
struct BrokerOptions {
  std::string binary;
  // Holds the store ("data"), the log lines of all starts ("log") and the ports file.
  std::string folder;
  // Behind `tokenbroker dev --data ... --ports-file ...`.
  std::vector<std::string> flags;
  std::map<std::string, std::string> environment;
  DurationMs start_timeout = 30'000;

  std::string data() const { return folder + "/data"; }
  std::string log() const { return folder + "/log"; }
};

class BrokerProcess {
 public:
  // Returns once the doors are open. ABORTED if the process ended before; its text has the end of the log.
  static absl::StatusOr<std::unique_ptr<BrokerProcess>> Start(const BrokerOptions& options);
  // Kills it.
  ~BrokerProcess();
  BrokerProcess(const BrokerProcess&) = delete;
  BrokerProcess& operator=(const BrokerProcess&) = delete;

  pid_t pid() const { return pid_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(grpc_port_); }
  int grpc_port() const { return grpc_port_; }
  int http_port() const { return http_port_; }
  int admin_port() const { return admin_port_; }

  void Signal(int signal) const;
  // SIGKILL, and waits for the end.
  void Kill();
  // Waits for the end; its wait status (see waitpid), or nothing if the time passed first.
  std::optional<int> WaitForEnd(DurationMs limit);
  bool Running() { return !WaitForEnd(0).has_value(); }
  // Resident memory now.
  size_t MemoryBytes() const;

 private:
  explicit BrokerProcess(const BrokerOptions& options) : options_(options) {}
  absl::Status Spawn();
  absl::Status AwaitPorts();
  bool ReadPorts(const std::string& path);

  const BrokerOptions options_;
  pid_t pid_ = -1;
  std::optional<int> end_;
  int grpc_port_ = 0;
  int http_port_ = 0;
  int admin_port_ = 0;
};

// Runs a command to its end; its output (both streams) and wait status.
struct CommandResult {
  int status = 0;
  std::string output;

  bool ok() const { return status == 0; }
};
CommandResult RunCommand(const std::vector<std::string>& command);

// "exit code 1", "signal 9".
std::string DescribeEnd(int wait_status);

std::string ReadFileOr(const std::string& path, const std::string& otherwise);
// The last lines of a file, to be shown.
std::string TailOf(const std::string& path, size_t bytes = 3000);

// A new empty folder below TMPDIR or /tmp.
std::string MakeTemporaryFolder(const std::string& name);

// What GET `path` on the admin port answers, headers included; empty if nobody answers.
std::string HttpGet(int port, const std::string& path);

TimeMs NowMs();

}  // namespace tokenbroker::testing
