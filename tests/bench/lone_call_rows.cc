// P5: what one caller alone waits for.
#include <chrono>
#include <stdexcept>

#include "tests/bench/bench.h"
#include "tests/bench/latency.h"
#include "tests/bench/latency_series.h"
#include "tests/bench/requests.h"
#include "tests/bench/stubs.h"

namespace tokenbroker::benchmarks {
namespace {

Latency IssueAlone(const std::string& target, Seconds time) {
  Stubs stubs(target);
  Latency latency;
  v1::IssueTaskRequest request;
  v1::IssueTaskResponse response;
  const auto until = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < until) {
    FillIssue(request);
    grpc::ClientContext context;
    const auto before = std::chrono::steady_clock::now();
    const grpc::Status status = stubs.tasks->IssueTask(&context, request, &response);
    if (!status.ok()) throw std::runtime_error("lone call: " + status.error_message());
    latency.Add((std::chrono::steady_clock::now() - before).count());
  }
  return latency;
}

}  // namespace

void MeasureLoneCalls(Bench& bench) {
  LatencySeries p50;
  LatencySeries p99;
  for (int i = 0; i < bench.options.repetitions; ++i) {
    FreshBroker broker(bench.options);
    const double before = CommitSyncUs(broker.folder.path());
    StolenTime stolen;
    const Latency latency = IssueAlone(broker.target(), bench.options.run);
    const double taken = stolen.Share();
    const double sync = (before + CommitSyncUs(broker.folder.path())) / 2;
    p50.Add(latency.QuantileUs(0.5), sync, taken);
    p99.Add(latency.QuantileUs(0.99), sync, taken);
  }
  bench.report.Add(p50.AsRow("P5", "lone unary issue, p50", 3));
  bench.report.Add(p99.AsRow("P5.p99", "lone unary issue, p99"));
}

}  // namespace tokenbroker::benchmarks
