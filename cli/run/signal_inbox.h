// Signals as data: while one of these lives, the signals that `run` passes on are blocked and read from a descriptor.
#pragma once

#include <signal.h>

#include "cli/waiter.h"

namespace tokenbroker::cli {

// Make it before any thread is started, so that all threads inherit the blocked mask.
class SignalInbox {
 public:
  SignalInbox();
  ~SignalInbox();

  // Readable when a signal waits.
  int fd() const { return fd_; }
  // Only when fd is readable.
  int Take();

 private:
  sigset_t previous_;
  void (*previous_pipe_handler_)(int);
  int fd_;
};

// Waits, but not beyond a signal.
class InterruptibleWaiter : public SystemWaiter {
 public:
  explicit InterruptibleWaiter(const SignalInbox& inbox) : inbox_(inbox) {}
  bool Wait(DurationMs span) override;

 private:
  const SignalInbox& inbox_;
};

}  // namespace tokenbroker::cli
