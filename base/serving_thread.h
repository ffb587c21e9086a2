// How threads that serve callers get on: for how much of the time they were ready to run while others had the
// processors. The kernel counts it.
//
//   void Run() {
//     const ServingThread serving;  // on a thread that reads and answers calls
//     ...
//   }
//
// Of all such threads of the process. Where the kernel does not say (thread_times.h) nothing is counted.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#include "base/thread_times.h"

namespace tokenbroker {

// The calling thread serves callers for as long as this lives. To be destroyed on that thread.
class ServingThread {
 public:
  ServingThread();
  ~ServingThread();
  ServingThread(const ServingThread&) = delete;
  ServingThread& operator=(const ServingThread&) = delete;

 private:
  const ThreadTimesFile times_;
  uint64_t number_ = 0;
};

// Not thread-safe, but for the threads that it watches.
class ServingWatch {
 public:
  // For how much of the time, 0 to about 1, each thread waited that serves now and did when this was called last; since
  // then. A wait counts once it is over. Takes some microseconds a thread.
  std::vector<double> Take();

 private:
  std::map<uint64_t, std::chrono::nanoseconds> before_;  // by thread
  std::chrono::steady_clock::time_point taken_at_;
};

}  // namespace tokenbroker
