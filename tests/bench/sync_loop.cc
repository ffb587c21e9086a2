#include "tests/bench/sync_loop.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "tests/bench/scratch_file.h"

namespace tokenbroker::benchmarks {
namespace {

using Time = std::chrono::steady_clock;

constexpr auto kPause = std::chrono::microseconds(100);

}  // namespace

Latency SyncAtRate(const std::string& folder, size_t bytes, double per_second, Seconds time) {
  ScratchFile file(folder + "/sync.loop");
  const auto step = std::chrono::duration_cast<Time::duration>(Seconds(1 / per_second));
  const Time::time_point begin = Time::now();
  const Time::time_point end = begin + std::chrono::duration_cast<Time::duration>(time);
  Latency latency;
  for (Time::time_point due = begin; due < end;) {
    const Time::time_point last = std::min(Time::now(), end - Time::duration(1));
    if (last < due) {
      std::this_thread::sleep_for(kPause);
      continue;
    }
    const auto waiting = static_cast<size_t>((last - due) / step) + 1;
    file.Sync(std::string(waiting * bytes, 'd'));
    const Time::time_point now = Time::now();
    for (size_t i = 0; i < waiting; ++i, due += step) latency.Add((now - due).count());
  }
  return latency;
}

}  // namespace tokenbroker::benchmarks
