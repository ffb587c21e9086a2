// Rates, CPU, and the broker with many waiting tasks. Everything that is compared runs close together: a repetition
// goes through all loads once, on a fresh broker and, between, on the one with the waiting tasks.
#include <signal.h>

#include <algorithm>
#include <map>
#include <utility>

#include "tests/bench/bench.h"
#include "tests/bench/load.h"
#include "tests/bench/traffic.h"
#include "tests/bench/waiting_broker.h"

namespace tokenbroker::benchmarks {
namespace {

constexpr int kUnaryChannels = 4;
constexpr int kUnaryOutstanding = 64;
constexpr int kBatchChannels = 2;
constexpr int kBatchOutstanding = 8;
constexpr uint64_t kBeating = 100'000;
constexpr int64_t kHeartbeatMs = 3'600'000;
// Tokens that are kept of a run of batches, at most: 40 bytes each.
constexpr size_t kMostTokens = 12'000'000;
constexpr double kRestartSeconds = 10;

enum class Load { kNull, kIssue, kResolve, kHeartbeat, kBatchIssue, kBatchResolve };

// One pass through all loads on one broker.
using Pass = std::map<Load, LoadResult>;

LoadShape Unary(const Options& options) { return {kUnaryChannels, kUnaryOutstanding, options.warm_up, options.run}; }
LoadShape Batch(const Options& options) { return {kBatchChannels, kBatchOutstanding, options.warm_up, options.run}; }

class Runner {
 public:
  Runner(Bench& bench, const BrokerServer& server, std::string prefix)
      : bench_(bench), options_(bench.options), server_(server), prefix_(std::move(prefix)) {}

  const Pass& pass() const { return pass_; }

  void Null() {
    NullTraffic traffic;
    Run(Load::kNull, "null", traffic, Unary(options_));
  }

  void Issue() {
    IssueTraffic traffic;
    const MetricsPage before = server_.Metrics();
    Run(Load::kIssue, "issue", traffic, Unary(options_));
    bench_.measured.issue_group = server_.Metrics().Mean("tokenbroker_commit_group_size", before);
    tokens_ = std::move(traffic.tokens);
  }

  // What Issue made, in another order.
  void Resolve() {
    tokens_.Shuffle();
    SucceedTraffic traffic(tokens_);
    Run(Load::kResolve, "resolve", traffic, Unary(options_));
  }

  void Heartbeat() {
    BatchIssueTraffic issue(kBeating, [](v1::IssueTaskRequest& request) {
      request.mutable_heartbeat_timeout()->set_seconds(kHeartbeatMs / 1000);
    });
    LoadShape all{kBatchChannels, kBatchOutstanding, Seconds(0), Seconds(60)};
    all.quiet = true;
    RunLoad("issuing", issue, server_.target(), server_.process(), all);
    issue.tokens.Shuffle();
    HeartbeatTraffic traffic(issue.tokens);
    Run(Load::kHeartbeat, "heartbeat", traffic, Unary(options_));
  }

  void BatchIssue() {
    BatchIssueTraffic traffic;
    traffic.tokens.Reserve(kMostTokens);
    const MetricsPage before = server_.Metrics();
    Run(Load::kBatchIssue, "issue, batches", traffic, Batch(options_));
    bench_.measured.batch_issue_group = server_.Metrics().Mean("tokenbroker_commit_group_size", before);
    tokens_ = std::move(traffic.tokens);
  }

  void BatchResolve() {
    tokens_.Shuffle();
    BatchSettleTraffic traffic(tokens_);
    Run(Load::kBatchResolve, "resolve, batches", traffic, Batch(options_));
  }

 private:
  template <typename Traffic>
  void Run(Load load, const std::string& name, Traffic& traffic, const LoadShape& shape) {
    pass_[load] = RunLoad(prefix_ + name, traffic, server_.target(), server_.process(), shape);
  }

  Bench& bench_;
  const Options& options_;
  const BrokerServer& server_;
  const std::string prefix_;
  TokenPool tokens_;
  Pass pass_;
};

class Throughput {
 public:
  explicit Throughput(Bench& bench)
      : bench_(bench),
        options_(bench.options),
        full_(Wants({"P6", "P7i", "P8", "P8.issue", "P8.batch", "P8.resolve", "P8o"})),
        batches_(full_ || Wants({"P2", "P3b", "P7b"})),
        resolves_(full_ || Wants({"P3", "P3b"})),
        heartbeats_(Wants({"HB"})) {}

  void Run() {
    if (full_) StartWaiting();
    for (int i = 0; i < options_.repetitions; ++i) {
      bench_.report.Note("repetition " + std::to_string(i + 1));
      Repeat();
    }
    KeepMeasured();
    AddRows();
    if (full_) AddWaitingRows();
  }

 private:
  bool Wants(std::initializer_list<const char*> ids) const { return options_.Wants(ids); }

  void StartWaiting() {
    bench_.report.Note("loading " + std::to_string(options_.waiting) + " waiting tasks");
    waiting_ = std::make_unique<WaitingBroker>(options_);
    idle_ = waiting_->MeasureIdle(std::max(Seconds(5), options_.run));
  }

  void Repeat() {
    FreshBroker fresh(options_);
    Runner empty(bench_, fresh.server, "");
    std::unique_ptr<Runner> filled;
    if (full_) filled = std::make_unique<Runner>(bench_, waiting_->server(), "with many: ");
    empty.Null();
    if (filled) filled->Issue();
    empty.Issue();
    if (filled) filled->Resolve();
    if (resolves_) empty.Resolve();
    if (heartbeats_) empty.Heartbeat();
    if (filled) filled->BatchIssue();
    if (batches_) empty.BatchIssue();
    if (batches_ && resolves_) empty.BatchResolve();
    empty_.push_back(empty.pass());
    if (filled) filled_.push_back(filled->pass());
  }

  using Figure = double (*)(const LoadResult&);
  static double Rate(const LoadResult& result) { return result.rate(); }
  static double Cpu(const LoadResult& result) { return result.cpu_us_per_item(); }

  static double MedianOf(const std::vector<Pass>& passes, Load load, Figure figure) {
    std::vector<double> values;
    for (const Pass& pass : passes) {
      if (pass.count(load) > 0) values.push_back(figure(pass.at(load)));
    }
    return Median(std::move(values));
  }

  void KeepMeasured() {
    bench_.measured.issue = MedianOf(empty_, Load::kIssue, Rate);
    bench_.measured.resolve = MedianOf(empty_, Load::kResolve, Rate);
    bench_.measured.batch_issue = MedianOf(empty_, Load::kBatchIssue, Rate);
    bench_.measured.batch_resolve = MedianOf(empty_, Load::kBatchResolve, Rate);
  }

  // `load` of some passes against `base` of others, repetition by repetition.
  void Compare(Row row, const std::vector<Pass>& passes, Load load, const std::vector<Pass>& bases, Load base,
               Figure figure) {
    if (!Wants({row.id.c_str()})) return;
    std::vector<double> ratios;
    for (size_t i = 0; i < passes.size(); ++i) ratios.push_back(figure(passes[i].at(load)) / figure(bases[i].at(base)));
    row.value = MedianOf(passes, load, figure);
    row.baseline = MedianOf(bases, base, figure);
    row.median_ratio = Median(std::move(ratios));
    bench_.report.Add(std::move(row));
  }

  void AddRows() {
    const auto compare = [this](Row row, Load load, Load base, Figure figure) {
      Compare(std::move(row), empty_, load, empty_, base, figure);
    };
    compare({"P1", "issue, unary", 0, "calls/s", {}, "null handler", Must::kReach, 0.70}, Load::kIssue, Load::kNull,
            Rate);
    if (batches_) {
      compare({"P2", "issue, batches of 100", 0, "tasks/s", {}, "P1", Must::kReach, 8}, Load::kBatchIssue, Load::kIssue,
              Rate);
    }
    if (resolves_) {
      compare({"P3", "resolve, unary", 0, "calls/s", {}, "P1", Must::kReach, 0.9}, Load::kResolve, Load::kIssue, Rate);
    }
    if (batches_ && resolves_) {
      compare({"P3b", "resolve, batches of 100", 0, "tasks/s", {}, "P2", Must::kReach, 0.8}, Load::kBatchResolve,
              Load::kBatchIssue, Rate);
    }
    if (heartbeats_) {
      compare({"HB", "heartbeat, unary", 0, "calls/s", {}, "null handler", Must::kReach, 0.85}, Load::kHeartbeat,
              Load::kNull, Rate);
    }
    compare({"P7", "server CPU, unary issue", 0, "us/call", {}, "null handler", Must::kStayBelow, 1.5}, Load::kIssue,
            Load::kNull, Cpu);
    if (batches_ && Wants({"P7b"})) {
      bench_.report.Add({"P7b",
                         "server CPU, batches of 100",
                         MedianOf(empty_, Load::kBatchIssue, Cpu),
                         "us/task",
                         {},
                         "",
                         Must::kStayBelow,
                         2.0});
    }
  }

  void AddWaitingRows() {
    const std::string with = ", " + std::to_string(options_.waiting / 1'000'000) + " million wait";
    const auto compare = [&](const char* id, const std::string& name, Load load) {
      Compare({id, name + with, 0, "/s", {}, "without", Must::kReach, 0.85}, filled_, load, empty_, load, Rate);
    };
    compare("P8.issue", "issue, unary", Load::kIssue);
    compare("P8.batch", "issue, batches", Load::kBatchIssue);
    compare("P8.resolve", "resolve, unary", Load::kResolve);
    if (Wants({"P6"})) {
      bench_.report.Add(
          {"P6", "memory per waiting task", waiting_->bytes_per_task(), "bytes", {}, "", Must::kStayBelow, 64});
    }
    if (Wants({"P7i"})) {
      bench_.report.Add({"P7i", "server CPU, idle" + with, idle_ * 100, "% of a core", {}, "", Must::kStayBelow, 1});
    }
    if (!Wants({"P8o", "P8o.kill"})) return;
    // First the kill: what came after the last checkpoint must be replayed then.
    const double killed = waiting_->Restart(SIGKILL);
    bench_.report.Add(
        {"P8o.kill", "start after kill -9" + with, killed, "s", {}, "", Must::kStayBelow, kRestartSeconds});
    const double stopped = waiting_->Restart(SIGTERM);
    bench_.report.Add({"P8o", "start after a stop" + with, stopped, "s", {}, "", Must::kStayBelow, kRestartSeconds});
  }

  Bench& bench_;
  const Options& options_;
  const bool full_;
  const bool batches_;
  const bool resolves_;
  const bool heartbeats_;
  std::unique_ptr<WaitingBroker> waiting_;
  double idle_ = 0;
  std::vector<Pass> empty_;
  std::vector<Pass> filled_;
};

}  // namespace

void MeasureThroughput(Bench& bench) { Throughput(bench).Run(); }

}  // namespace tokenbroker::benchmarks
