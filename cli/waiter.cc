#include "cli/waiter.h"

#include <chrono>
#include <memory>
#include <random>
#include <thread>

namespace tokenbroker::cli {
namespace {

template <typename ClockType>
TimeMs NowOf() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(ClockType::now().time_since_epoch()).count();
}

}  // namespace

TimeMs SystemWaiter::Now() const { return NowOf<std::chrono::steady_clock>(); }

bool SystemWaiter::Wait(DurationMs span) {
  std::this_thread::sleep_for(std::chrono::milliseconds(span));
  return true;
}

TimeMs WallClock::Now() const { return NowOf<std::chrono::system_clock>(); }

Random SystemRandom() {
  auto device = std::make_shared<std::random_device>();
  return [device] { return (static_cast<uint64_t>((*device)()) << 32) | (*device)(); };
}

}  // namespace tokenbroker::cli
