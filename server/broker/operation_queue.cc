#include "server/broker/operation_queue.h"

#include <utility>

namespace tokenbroker::broker {

void OperationQueue::Push(absl::Span<Operation* const> operations, size_t bytes) {
  std::unique_lock<std::mutex> lock(mutex_);
  operations_.insert(operations_.end(), operations.begin(), operations.end());
  bytes_ += bytes;
  Wake(std::move(lock));
}

void OperationQueue::Kick() {
  std::unique_lock<std::mutex> lock(mutex_);
  kicked_ = true;
  Wake(std::move(lock));
}

void OperationQueue::Stop() {
  std::unique_lock<std::mutex> lock(mutex_);
  stopping_ = true;
  Wake(std::move(lock));
}

size_t OperationQueue::Take(Operations& taken) {
  taken.clear();
  std::lock_guard<std::mutex> lock(mutex_);
  taken.swap(operations_);
  kicked_ = false;
  return std::exchange(bytes_, 0);
}

bool OperationQueue::has_work() {
  std::lock_guard<std::mutex> lock(mutex_);
  return !operations_.empty() || kicked_;
}

bool OperationQueue::Sleep(std::chrono::milliseconds at_most) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (!operations_.empty() || kicked_) return true;
  if (stopping_) return false;
  sleeping_ = true;
  wake_.wait_for(lock, at_most, [this] { return !sleeping_; });
  sleeping_ = false;
  return true;
}

void OperationQueue::Wake(std::unique_lock<std::mutex> lock) {
  if (!std::exchange(sleeping_, false)) return;
  lock.unlock();
  wake_.notify_one();
}

}  // namespace tokenbroker::broker
