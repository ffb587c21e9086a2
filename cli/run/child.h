// The command that `run` starts, in a process group of its own.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace tokenbroker::cli {

struct ChildOptions {
  std::vector<std::string> command;
  // Added to our own environment; an empty value removes the variable.
  std::vector<std::pair<std::string, std::string>> variables;
};

// How a process ended.
struct ExitStatus {
  int code = 0;
  // Not 0 when a signal ended it.
  int signal = 0;

  bool succeeded() const { return code == 0 && signal == 0; }
  // As the shell reports it: 128 + n for signal n.
  int ShellCode() const { return signal != 0 ? 128 + signal : code; }
};

// Single-threaded. Destroying it closes the pipes and leaves the process alone.
class Child {
 public:
  // Gives the process our standard input (nothing, when that is a terminal: a process outside the terminal's foreground
  // group must not read from it), pipes as standard output and error, and default signal handling.
  // INVALID_ARGUMENT when the command cannot be started.
  static absl::StatusOr<std::unique_ptr<Child>> Start(const ChildOptions& options);
  ~Child();

  // Readable once the process has ended.
  int exit_fd() const { return exit_fd_; }
  // Non-blocking.
  int out_fd() const { return out_fd_; }
  int err_fd() const { return err_fd_; }

  // To the process and its descendants that stayed in its group.
  void Signal(int signal);
  // Call once, when exit_fd is readable.
  ExitStatus Reap();

 private:
  Child(pid_t pid, int exit_fd, int out_fd, int err_fd)
      : pid_(pid), exit_fd_(exit_fd), out_fd_(out_fd), err_fd_(err_fd) {}

  const pid_t pid_;
  const int exit_fd_;
  const int out_fd_;
  const int err_fd_;
};

}  // namespace tokenbroker::cli
