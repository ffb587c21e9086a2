#include "base/system_clock.h"

#include <time.h>

#include <algorithm>
#include <utility>

namespace tokenbroker {
namespace {

constexpr int64_t kSlewInterval = 100'000;
// Time in which nobody asked makes no larger step than this would.
constexpr int64_t kLongestSlew = 10'000'000;
constexpr int64_t kSlewDivisor = 2'000;  // 500 parts in a million

int64_t ReadMicros(clockid_t id) {
  timespec now;
  clock_gettime(id, &now);
  return now.tv_sec * int64_t{1'000'000} + now.tv_nsec / 1'000;
}

}  // namespace

int64_t WallMicros() { return ReadMicros(CLOCK_REALTIME); }
int64_t WallSeconds() { return time(nullptr); }
int64_t ElapsedMicros() { return ReadMicros(CLOCK_BOOTTIME); }

SystemClock::SystemClock(TimeMs high_water, Source source) : source_(std::move(source)) {
  const int64_t elapsed = source_.elapsed_micros();
  const int64_t start = std::max(source_.wall_micros(), high_water * 1'000);
  shift_ = start - elapsed;
  slewed_at_ = elapsed;
  latest_ = high_water;
}

TimeMs SystemClock::Now() const {
  const int64_t elapsed = source_.elapsed_micros();
  if (elapsed - slewed_at_.load(std::memory_order_relaxed) >= kSlewInterval) Slew(elapsed);
  const TimeMs now = TimeAt(elapsed) / 1'000;
  // Between threads, and when slewing back, a later caller may have read an earlier time: nobody may see that.
  TimeMs latest = latest_.load(std::memory_order_acquire);
  while (latest < now && !latest_.compare_exchange_weak(latest, now, std::memory_order_acq_rel)) {
  }
  return std::max(now, latest);
}

void SystemClock::Slew(int64_t elapsed) const {
  int64_t last = slewed_at_.load(std::memory_order_relaxed);
  // Of the threads that find it due, one does it.
  if (elapsed - last < kSlewInterval || !slewed_at_.compare_exchange_strong(last, elapsed)) return;
  const int64_t most = std::min(elapsed - last, kLongestSlew) / kSlewDivisor;
  const int64_t distance = source_.wall_micros() - TimeAt(elapsed);
  shift_.fetch_add(std::clamp(distance, -most, most), std::memory_order_relaxed);
}

DurationMs SystemClock::Offset() const { return source_.wall_micros() / 1'000 - Now(); }

}  // namespace tokenbroker
