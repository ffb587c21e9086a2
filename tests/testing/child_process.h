// Programs as child processes.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"

namespace tokenbroker::testing {

struct ChildOptions {
  // The program, a path, and its arguments.
  std::vector<std::string> command;
  // What it says is added to this file.
  std::string log;
  // Besides ours without what names an AWS account, a broker or a proxy.
  std::map<std::string, std::string> environment;
  // Of the password file; empty for our own.
  std::string user;
  // What it gets when the thread ends that started it: start it from the main thread.
  int death_signal = SIGKILL;
};

class ChildProcess {
 public:
  // A program that is not there ends with exit code 127.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(const ChildOptions& options);
  // Kills it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int signal) const;
  // SIGKILL, and waits for the end.
  void Kill();
  // Waits for the end; its wait status (see waitpid), or nothing if the time passed first.
  std::optional<int> WaitForEnd(DurationMs limit);
  bool Running() { return !WaitForEnd(0).has_value(); }
  // Signals, waits for the end, and kills it if that takes a minute.
  void Stop(int signal = SIGTERM);

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}

  const pid_t pid_;
  std::optional<int> end_;
};

// Runs a command to its end, in an environment as above; its output (both streams) and wait status.
struct CommandResult {
  int status = 0;
  std::string output;

  bool ok() const { return status == 0; }
};
CommandResult RunCommand(const std::vector<std::string>& command);

// "exit code 1", "signal 9".
std::string DescribeEnd(int wait_status);

}  // namespace tokenbroker::testing
