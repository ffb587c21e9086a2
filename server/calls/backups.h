// Backups: one at a time, on a thread of their own. To another file system a copy takes as long as the disks do, and
// nobody who reads, nor a checkpoint, should wait for it.
#pragma once

#include <atomic>
#include <functional>
#include <utility>

#include "base/executor.h"

namespace tokenbroker::calls {

// Thread-safe. What was begun is finished before it goes.
class Backups {
 public:
  // Runs `copy`, then `done`, when the next may begin already. False if one is under way: neither is run.
  bool Begin(std::function<void()> copy, std::function<void()> done) {
    if (busy_.exchange(true)) return false;
    thread_.Run([this, copy = std::move(copy), done = std::move(done)] {
      copy();
      busy_.store(false);
      done();
    });
    return true;
  }

 private:
  std::atomic<bool> busy_{false};
  ThreadPool thread_{1, "backups"};
};

}  // namespace tokenbroker::calls
