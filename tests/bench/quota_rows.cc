// P11: a broker that has more to send than the quota lets it. The target keeps the quota's bucket too, by when calls
// arrive: what it has to refuse was beyond the bucket in some window.
#include <algorithm>
#include <thread>

#include "tests/bench/bench.h"
#include "tests/bench/forwarding_broker.h"
#include "tests/bench/step_functions_stub.h"

namespace tokenbroker::benchmarks {
namespace {

constexpr SendQuota kQuota{1'000, 2'000};
constexpr int kThrottledPercent = 30;
constexpr uint64_t kThrottledTasks = 2'000;
constexpr Seconds kLongest{180};

void MeasureSaturation(Bench& bench) {
  const Seconds run = bench.options.run;
  const double allowed = kQuota.burst + kQuota.per_second * run.count();
  const auto count = static_cast<uint64_t>(2 * allowed);
  StepFunctionsStub stub(
      {.tasks = count,
       .bucket = StepFunctionsStub::Bucket{static_cast<double>(kQuota.burst), static_cast<double>(kQuota.per_second)}});
  ForwardingBroker broker(bench.options, stub.url(), kQuota);
  broker.Issue(count);
  stub.Open();
  broker.Settle(count);
  stub.AwaitAccepted(1, kLongest);
  std::this_thread::sleep_for(run);
  const auto accepted = static_cast<double>(stub.accepted());
  const auto beyond = static_cast<double>(stub.beyond_bucket());
  bench.report.Add(
      {"P11", "sends under a quota, more owed", accepted, "calls", allowed, "allowed", Must::kReach, 0.98});
  bench.report.Add({"P11.beyond", "beyond the bucket in any window", beyond, "calls", {}, "", Must::kStayBelow, 0});
}

void MeasureThrottling(Bench& bench) {
  StepFunctionsStub stub({.tasks = kThrottledTasks, .throttled_percent = kThrottledPercent});
  ForwardingBroker broker(bench.options, stub.url(), kQuota);
  broker.Issue(kThrottledTasks);
  stub.Open();
  broker.Settle(kThrottledTasks);
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::seconds>(kLongest);
  while (stub.accepted() < kThrottledTasks && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  bench.report.Note("of " + std::to_string(kThrottledTasks) + " outcomes, " + std::to_string(stub.throttled()) +
                    " calls were throttled");
  const auto lost = static_cast<double>(kThrottledTasks - stub.accepted());
  bench.report.Add({"P11.lost", "lost when 30 % of calls are throttled", lost, "", {}, "", Must::kStayBelow, 0});
  bench.report.Add({"P11.again",
                    "sent again after the target had it",
                    static_cast<double>(stub.repeated()),
                    "",
                    {},
                    "",
                    Must::kStayBelow,
                    0});
}

}  // namespace

void MeasureQuota(Bench& bench) {
  if (bench.options.Wants({"P11", "P11.beyond"})) MeasureSaturation(bench);
  if (bench.options.Wants({"P11.lost", "P11.again"})) MeasureThrottling(bench);
}

}  // namespace tokenbroker::benchmarks
