#include "base/serving_thread.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <mutex>
#include <utility>

namespace tokenbroker {
namespace {

struct Serving {
  std::mutex mutex;
  std::map<uint64_t, int> statistics;  // guarded by mutex: by thread
  uint64_t next = 0;                   // guarded by mutex
};

Serving& All() {
  static auto* const all = new Serving;  // threads may end when the process does
  return *all;
}

// How long the thread has waited so far. The file says "ran waited slices", the times in nanoseconds.
std::chrono::nanoseconds Waited(int statistics) {
  char text[96];
  const ssize_t size = pread(statistics, text, sizeof text, 0);
  int64_t ran = 0;
  int64_t waited = 0;
  if (size > 0) {
    const char* const end = std::from_chars(text, text + size, ran).ptr;
    if (end < text + size) std::from_chars(end + 1, text + size, waited);
  }
  return std::chrono::nanoseconds(waited);
}

}  // namespace

ServingThread::ServingThread() : statistics_(open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {
  if (statistics_ < 0) return;
  const std::lock_guard<std::mutex> lock(All().mutex);
  number_ = All().next++;
  All().statistics[number_] = statistics_;
}

ServingThread::~ServingThread() {
  if (statistics_ < 0) return;
  const std::lock_guard<std::mutex> lock(All().mutex);
  All().statistics.erase(number_);
  close(statistics_);
}

std::vector<double> ServingWatch::Take() {
  const auto now = std::chrono::steady_clock::now();
  const std::chrono::duration<double> time = now - std::exchange(taken_at_, now);
  const std::map<uint64_t, std::chrono::nanoseconds> before = std::exchange(before_, {});
  std::vector<double> shares;
  const std::lock_guard<std::mutex> lock(All().mutex);
  for (const auto& [thread, statistics] : All().statistics) {
    const std::chrono::nanoseconds waited = before_[thread] = Waited(statistics);
    const auto was = before.find(thread);
    if (was != before.end()) shares.push_back((waited - was->second) / time);
  }
  return shares;
}

}  // namespace tokenbroker
