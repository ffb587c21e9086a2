#include "cli/run/signal_inbox.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace tokenbroker::cli {

SignalInbox::SignalInbox() {
  sigset_t passed_on;
  sigemptyset(&passed_on);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2}) sigaddset(&passed_on, signal);
  pthread_sigmask(SIG_BLOCK, &passed_on, &previous_);
  fd_ = signalfd(-1, &passed_on, SFD_CLOEXEC);
  // A reader of our output that goes away must not end the work.
  previous_pipe_handler_ = signal(SIGPIPE, SIG_IGN);
}

SignalInbox::~SignalInbox() {
  close(fd_);
  signal(SIGPIPE, previous_pipe_handler_);
  pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
}

int SignalInbox::Take() {
  signalfd_siginfo info{};
  if (read(fd_, &info, sizeof info) != sizeof info) return 0;
  return static_cast<int>(info.ssi_signo);
}

bool InterruptibleWaiter::Wait(DurationMs span) {
  pollfd poll_fd{inbox_.fd(), POLLIN, 0};
  return poll(&poll_fd, 1, static_cast<int>(span)) == 0;
}

}  // namespace tokenbroker::cli
