// The streams under way: how many there may be, and how they end when the broker drains.
#pragma once

#include <mutex>
#include <unordered_set>

namespace tokenbroker::calls {

class Stream {
 public:
  virtual ~Stream() = default;
  // Ends soon. Called at most once, on any thread, under the registry's lock: must not block, nor leave the registry.
  virtual void Drain() = 0;
};

// Thread-safe.
class Streams {
 public:
  // `max_watches` bounds the watches; settle streams are bounded by the connections' own limit.
  explicit Streams(size_t max_watches) : max_watches_(max_watches) {}

  // False if there are as many watches as may be.
  bool EnterWatch(Stream& stream) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (watches_.size() >= max_watches_) return false;
    watches_.insert(&stream);
    if (draining_) stream.Drain();
    return true;
  }
  void Enter(Stream& stream) {
    std::lock_guard<std::mutex> lock(mutex_);
    others_.insert(&stream);
    if (draining_) stream.Drain();
  }
  // Afterwards Drain is not called any more.
  void Leave(Stream& stream) {
    std::lock_guard<std::mutex> lock(mutex_);
    watches_.erase(&stream);
    others_.erase(&stream);
  }

  void Drain() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (draining_) return;
    draining_ = true;
    for (Stream* stream : watches_) stream->Drain();
    for (Stream* stream : others_) stream->Drain();
  }

 private:
  const size_t max_watches_;
  std::mutex mutex_;
  bool draining_ = false;                // guarded by mutex_
  std::unordered_set<Stream*> watches_;  // guarded by mutex_
  std::unordered_set<Stream*> others_;   // guarded by mutex_
};

}  // namespace tokenbroker::calls
