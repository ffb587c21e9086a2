#include "cli/run/beater.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

namespace tokenbroker::cli {

Beater::Beater(Broker& broker, v1::TaskRef task)
    : broker_(broker), task_(std::move(task)), event_fd_(eventfd(0, EFD_CLOEXEC)), thread_([this] { Loop(); }) {}

Beater::~Beater() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
  close(event_fd_);
}

void Beater::Send(DurationMs timeout) {
  const std::lock_guard lock(mutex_);
  wanted_ = timeout;
  changed_.notify_one();
}

absl::StatusOr<v1::HeartbeatResponse> Beater::TakeAnswer() {
  uint64_t count = 0;
  if (read(event_fd_, &count, sizeof count) < 0) return absl::InternalError("no heartbeat was answered");
  const std::lock_guard lock(mutex_);
  return *std::exchange(answer_, std::nullopt);
}

void Beater::Loop() {
  v1::HeartbeatRequest request;
  *request.mutable_task() = task_;
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || wanted_.has_value(); });
    if (ending_) return;
    const DurationMs timeout = *std::exchange(wanted_, std::nullopt);
    lock.unlock();
    auto answer = broker_.Heartbeat(request, timeout);
    lock.lock();
    answer_ = std::move(answer);
    eventfd_write(event_fd_, 1);
  }
}

}  // namespace tokenbroker::cli
