// P5h: what callers wait for at half of the highest rate.
#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/bench.h"
#include "tests/bench/calm.h"
#include "tests/bench/latency.h"
#include "tests/bench/latency_series.h"
#include "tests/bench/open_loop.h"
#include "tests/bench/shapes.h"
#include "tests/bench/sync_loop.h"
#include "tests/bench/traffic.h"

namespace tokenbroker::benchmarks {
namespace {

// Before calls at half load come, what the highest rate left behind is to be sorted and merged.
constexpr std::chrono::milliseconds kShortLook{100};

class HalfLoad {
 public:
  explicit HalfLoad(Bench& bench) : options_(bench.options), report_(bench.report) {}

  void Run() {
    for (int i = 0; i < options_.repetitions; ++i) {
      const FreshBroker broker(options_);
      for (Rounds rounds(options_.slices()); rounds.Another();) TakeTurns(broker);
    }
  }

  void AddRows() {
    report_.Add(issue_.AsRow("P5h", "unary issue at half of P1's rate, p99", 20));
    report_.Add(null_.AsRow("P5h.null", "null calls at that rate, p99"));
    report_.Add(disk_.AsRow("P5h.disk", "the same calls, written and synced by a bare loop"));
    report_.Add({"P5h.all", "the same, p99 of all slices together", all_.QuantileUs(0.99), "us"});
    report_.Add({"P5h.rate", "the rate of that", MedianOfCalm(halves_), "calls/s"});
  }

 private:
  // The machine's speed may double from one minute to the next. So half of the highest rate is half of what was reached
  // right before, on the same broker.
  void TakeTurns(const FreshBroker& broker) {
    const LoadResult full = FullLoad(broker);
    broker.server.WaitUntilQuiet(kShortLook);
    const OpenLoopShape half{kUnaryChannels, full.rate() / 2, options_.slice_warm_up, options_.slice};
    halves_.push_back({half.per_second, full.stolen});

    const double before = CommitSyncUs(broker.folder.path());
    StolenTime stolen;
    const Latency issue = CallAtRate<IssueTraffic>(broker.target(), half);
    const double stolen_from_issue = std::max(full.stolen, stolen.Share());
    const Latency null = CallAtRate<NullTraffic>(broker.target(), half);
    const double stolen_from_null = stolen.Share();
    const Latency disk = SyncAtRate(broker.folder.path(), kCommitBytes, half.per_second, half.run);
    const double stolen_from_disk = stolen.Share();
    const double sync = (before + CommitSyncUs(broker.folder.path())) / 2;

    issue_.Add(issue.QuantileUs(0.99), sync, stolen_from_issue);
    null_.Add(null.QuantileUs(0.99), sync, stolen_from_null);
    disk_.Add(disk.QuantileUs(0.99), sync, stolen_from_disk);
    all_.Merge(issue);
  }

  LoadResult FullLoad(const FreshBroker& broker) const {
    IssueTraffic traffic;
    return RunLoad("issue", traffic, broker.target(), broker.server.process(), UnarySlice(options_));
  }

  template <typename Traffic>
  static Latency CallAtRate(const std::string& target, const OpenLoopShape& shape) {
    Traffic traffic;
    const OpenLoopResult result = RunAtRate(traffic, target, shape);
    if (result.wrong > 0) throw std::runtime_error("half load: " + std::to_string(result.wrong) + " wrong answers");
    return result.latency;
  }

  const Options& options_;
  Report& report_;
  std::vector<Sample> halves_;
  LatencySeries issue_;
  LatencySeries null_;
  LatencySeries disk_;
  Latency all_;
};

}  // namespace

void MeasureHalfLoad(Bench& bench) {
  HalfLoad half_load(bench);
  half_load.Run();
  half_load.AddRows();
}

}  // namespace tokenbroker::benchmarks
