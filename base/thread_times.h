// What the kernel counts of a thread's time. Linux alone, schedstat in proc(5): elsewhere, and where /proc is not
// there, all is zero.
#pragma once

#include <chrono>

namespace tokenbroker {

struct ThreadTimes {
  std::chrono::nanoseconds ran{0};
  // Ready to run, while others had the processor. A wait counts once it is over.
  std::chrono::nanoseconds waited{0};
};

// Of the thread that makes it, for as long as that lives. Thread-safe. Reading takes about a microsecond.
class ThreadTimesFile {
 public:
  ThreadTimesFile();
  ~ThreadTimesFile();
  ThreadTimesFile(const ThreadTimesFile&) = delete;
  ThreadTimesFile& operator=(const ThreadTimesFile&) = delete;

  // False if the kernel does not say.
  bool good() const { return file_ >= 0; }
  // Since the thread began.
  ThreadTimes Read() const;

 private:
  const int file_;
};

}  // namespace tokenbroker
