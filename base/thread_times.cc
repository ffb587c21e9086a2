#include "base/thread_times.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>

namespace tokenbroker {

ThreadTimesFile::ThreadTimesFile() : file_(open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {}

ThreadTimesFile::~ThreadTimesFile() {
  if (good()) close(file_);
}

// The file says "ran waited slices", the times in nanoseconds.
ThreadTimes ThreadTimesFile::Read() const {
  char text[96];
  const ssize_t size = good() ? pread(file_, text, sizeof text, 0) : 0;
  int64_t ran = 0;
  int64_t waited = 0;
  if (size > 0) {
    const char* const end = std::from_chars(text, text + size, ran).ptr;
    if (end < text + size) std::from_chars(end + 1, text + size, waited);
  }
  return {std::chrono::nanoseconds(ran), std::chrono::nanoseconds(waited)};
}

}  // namespace tokenbroker
