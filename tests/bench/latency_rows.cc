// P5: what one caller alone waits for. P5h: what callers wait for at half of the highest rate.
#include <chrono>
#include <stdexcept>
#include <vector>

#include "tests/bench/bench.h"
#include "tests/bench/calm.h"
#include "tests/bench/machine.h"
#include "tests/bench/open_loop.h"
#include "tests/bench/requests.h"
#include "tests/bench/stubs.h"
#include "tests/bench/sync_loop.h"
#include "tests/bench/traffic.h"

namespace tokenbroker::benchmarks {
namespace {

// A task's record with its page and its place in the write-ahead log.
constexpr size_t kCommitBytes = 256;
constexpr int kHalfLoadChannels = 4;

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

template <typename Traffic>
Latency CallAtRate(const std::string& target, const OpenLoopShape& shape) {
  Traffic traffic;
  const OpenLoopResult result = RunAtRate(traffic, target, shape);
  if (result.wrong > 0) throw std::runtime_error("half load: " + std::to_string(result.wrong) + " wrong answers");
  return result.latency;
}

// Latencies, each beside the disk's own at that time.
struct Series {
  std::vector<Sample> latencies;
  std::vector<Sample> syncs;
  std::vector<Sample> ratios;

  void Add(double latency_us, double sync_us, double stolen) {
    latencies.push_back({latency_us, stolen});
    syncs.push_back({sync_us, stolen});
    ratios.push_back({latency_us / sync_us, stolen});
  }
  Row AsRow(const char* id, const char* name, double limit) const {
    Row row{id, name, MedianOfCalm(latencies), "us", MedianOfCalm(syncs), "fdatasync", Must::kStayBelow, limit};
    row.median_ratio = MedianOfCalm(ratios);
    return row;
  }
};

double SyncUs(const FreshBroker& broker) { return MeasureSync(broker.folder.path(), kCommitBytes).growing_us; }

}  // namespace

void MeasureLatency(Bench& bench) {
  const Options& options = bench.options;
  Series alone_p50;
  Series alone_p99;
  Series half_p99;
  Series null_p99;
  Series disk_p99;
  Latency half_load;
  for (int i = 0; i < options.repetitions; ++i) {
    FreshBroker broker(options);
    const double before = SyncUs(broker);
    if (options.Wants({"P5"})) {
      StolenTime stolen;
      const Latency latency = IssueAlone(broker.target(), options.run);
      const double taken = stolen.Share();
      const double sync = (before + SyncUs(broker)) / 2;
      alone_p50.Add(latency.QuantileUs(0.5), sync, taken);
      alone_p99.Add(latency.QuantileUs(0.99), sync, taken);
    }
    if (options.Wants({"P5h"}) && bench.measured.issue > 0) {
      const OpenLoopShape half{kHalfLoadChannels, bench.measured.issue / 2, options.slice_warm_up, options.slice};
      for (Rounds rounds(options.slices()); rounds.Another();) {
        StolenTime stolen;
        const Latency latency = CallAtRate<IssueTraffic>(broker.target(), half);
        const double taken = stolen.Share();
        const double sync = (before + SyncUs(broker)) / 2;
        half_p99.Add(latency.QuantileUs(0.99), sync, taken);
        stolen.Share();
        const Latency null = CallAtRate<NullTraffic>(broker.target(), half);
        null_p99.Add(null.QuantileUs(0.99), sync, stolen.Share());
        const Latency disk = SyncAtRate(broker.folder.path(), kCommitBytes, half.per_second, half.run);
        disk_p99.Add(disk.QuantileUs(0.99), sync, stolen.Share());
        half_load.Merge(latency);
      }
    }
  }
  if (!alone_p50.ratios.empty()) {
    bench.report.Add(alone_p50.AsRow("P5", "lone unary issue, p50", 3));
    Row p99 = alone_p99.AsRow("P5.p99", "lone unary issue, p99", 0);
    p99.must = Must::kNone;
    bench.report.Add(std::move(p99));
  }
  if (!half_p99.ratios.empty()) {
    bench.report.Add(half_p99.AsRow("P5h", "unary issue at half of P1's rate, p99", 20));
    Row null = null_p99.AsRow("P5h.null", "null calls at that rate, p99", 0);
    null.must = Must::kNone;
    bench.report.Add(std::move(null));
    Row disk = disk_p99.AsRow("P5h.disk", "the same calls, written and synced by a bare loop", 0);
    disk.must = Must::kNone;
    bench.report.Add(std::move(disk));
    bench.report.Add({"P5h.all", "the same, p99 of all slices together", half_load.QuantileUs(0.99), "us"});
  }
}

}  // namespace tokenbroker::benchmarks
