#include "tests/bench/load.h"

#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <thread>

#include "tests/bench/machine.h"

namespace tokenbroker::benchmarks {
namespace {

using Time = std::chrono::steady_clock;

void SleepOrEnd(Seconds time, const Progress& progress) {
  const auto until = Time::now() + time;
  while (Time::now() < until && !progress.ended.load()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

struct Moment {
  Time::time_point at;
  uint64_t items;
  double cpu;
};

Moment Look(const Progress& progress, pid_t server) { return {Time::now(), progress.items.load(), CpuSeconds(server)}; }

}  // namespace

void LoadResult::Merge(const LoadResult& other) {
  const double all = seconds + other.seconds;
  if (all > 0) stolen = (stolen * seconds + other.stolen * other.seconds) / all;
  seconds = all;
  items += other.items;
  wrong += other.wrong;
  server_cpu_seconds += other.server_cpu_seconds;
  latency.Merge(other.latency);
}

void PrintLoad(const std::string& what, const LoadResult& result) {
  std::printf(
      "#   %-22s %10.0f /s  p50 %7.0f us  p99 %7.0f us  server CPU %6.2f us each, %3.0f %% of a core, stolen %.0f %%\n",
      what.c_str(), result.rate(), result.latency.QuantileUs(0.5), result.latency.QuantileUs(0.99),
      result.cpu_us_per_item(), 100 * result.server_cpu_seconds / result.seconds, 100 * result.stolen);
  std::fflush(stdout);
}

LoadResult Watch(const std::string& what, const LoadShape& shape, pid_t server,
                 const std::function<void(Progress&)>& loop) {
  auto progress = std::make_unique<Progress>();
  std::exception_ptr thrown;
  std::thread thread([&] {
    const OneProcessor pinned;
    try {
      loop(*progress);
    } catch (...) {
      thrown = std::current_exception();
    }
    progress->ended.store(true);
  });
  SleepOrEnd(shape.warm_up, *progress);
  StolenTime stolen;
  const Moment begin = Look(*progress, server);
  progress->measuring.store(true);
  SleepOrEnd(shape.run, *progress);
  const Moment end = Look(*progress, server);
  const double taken = stolen.Share();
  progress->stop.store(true);
  thread.join();
  if (thrown) std::rethrow_exception(thrown);

  LoadResult result;
  result.seconds = Seconds(end.at - begin.at).count();
  result.items = end.items - begin.items;
  result.wrong = progress->wrong.load();
  result.server_cpu_seconds = end.cpu - begin.cpu;
  result.stolen = taken;
  result.latency = progress->latency;
  if (!shape.quiet) PrintLoad(what, result);
  if (result.wrong * 1000 > progress->items.load()) {
    throw std::runtime_error(what + ": " + std::to_string(result.wrong) +
                             " wrong answers, the first: " + progress->first_wrong);
  }
  return result;
}

}  // namespace tokenbroker::benchmarks
