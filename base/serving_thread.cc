#include "base/serving_thread.h"

#include <mutex>
#include <utility>

namespace tokenbroker {
namespace {

struct Serving {
  std::mutex mutex;
  std::map<uint64_t, const ThreadTimesFile*> times;  // guarded by mutex: by thread
  uint64_t next = 0;                                 // guarded by mutex
};

Serving& All() {
  static auto* const all = new Serving;  // threads may end when the process does
  return *all;
}

}  // namespace

ServingThread::ServingThread() {
  if (!times_.good()) return;
  const std::lock_guard<std::mutex> lock(All().mutex);
  number_ = All().next++;
  All().times[number_] = &times_;
}

ServingThread::~ServingThread() {
  if (!times_.good()) return;
  const std::lock_guard<std::mutex> lock(All().mutex);
  All().times.erase(number_);
}

std::vector<double> ServingWatch::Take() {
  const auto now = std::chrono::steady_clock::now();
  const std::chrono::duration<double> time = now - std::exchange(taken_at_, now);
  const std::map<uint64_t, std::chrono::nanoseconds> before = std::exchange(before_, {});
  std::vector<double> shares;
  const std::lock_guard<std::mutex> lock(All().mutex);
  for (const auto& [thread, times] : All().times) {
    const std::chrono::nanoseconds waited = before_[thread] = times->Read().waited;
    const auto was = before.find(thread);
    if (was != before.end()) shares.push_back((waited - was->second) / time);
  }
  return shares;
}

}  // namespace tokenbroker
