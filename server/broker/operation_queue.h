// What has been submitted and waits for the committer, who sleeps here while there is nothing to do.
//
// Thread safety: Push, Kick and Stop from any thread; the rest is the committer's.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "absl/types/span.h"
#include "server/broker/operation.h"

namespace tokenbroker::broker {

class OperationQueue {
 public:
  using Operations = std::vector<Operation*>;

  // `bytes`: their payload.
  void Push(absl::Span<Operation* const> operations, size_t bytes);
  // There are records to write without an operation.
  void Kick();
  // No more sleep.
  void Stop();

  // Replaces `taken` by all that waits; returns its payload.
  size_t Take(Operations& taken);

  // Whether a sleep would end at once.
  bool has_work();

  // Sleeps until there is something to do, for so long at most. False once all is done and no more will come.
  bool Sleep(std::chrono::milliseconds at_most);

 private:
  // Wakes the sleeper, if there is one, and lets the lock go.
  void Wake(std::unique_lock<std::mutex> lock);

  std::mutex mutex_;
  std::condition_variable wake_;
  // All guarded by mutex_.
  Operations operations_;
  size_t bytes_ = 0;
  bool sleeping_ = false;
  bool stopping_ = false;
  bool kicked_ = false;
};

}  // namespace tokenbroker::broker
