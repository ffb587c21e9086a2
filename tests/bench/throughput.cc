// Rates, CPU, and the broker with many waiting tasks. Everything that is compared takes turns: a repetition goes
// through all loads slice by slice, on a fresh broker and then on the one with the waiting tasks.
#include <signal.h>

#include <algorithm>
#include <map>
#include <utility>

#include "tests/bench/bench.h"
#include "tests/bench/calm.h"
#include "tests/bench/load.h"
#include "tests/bench/shapes.h"
#include "tests/bench/slices.h"
#include "tests/bench/traffic.h"
#include "tests/bench/waiting_broker.h"

namespace tokenbroker::benchmarks {
namespace {

constexpr uint64_t kBeating = 100'000;
constexpr int64_t kHeartbeatMs = 3'600'000;
// Tokens that are kept of a run of batches, at most: 40 bytes each.
constexpr size_t kMostTokens = 12'000'000;
constexpr double kRestartSeconds = 10;
// What a load leaves to be sorted and merged is not to be charged to the other broker.
constexpr std::chrono::milliseconds kShortLook{100};

enum class Load { kNull, kIssue, kResolve, kHeartbeat, kBatchIssue, kBatchResolve };

// What was measured on one kind of broker.
using Measurements = std::map<Load, Slices>;

const char* NameOf(Load load) {
  switch (load) {
    case Load::kNull:
      return "null";
    case Load::kIssue:
      return "issue";
    case Load::kResolve:
      return "resolve";
    case Load::kHeartbeat:
      return "heartbeat";
    case Load::kBatchIssue:
      return "issue, batches";
    case Load::kBatchResolve:
      return "resolve, batches";
  }
  return "";
}

class Runner {
 public:
  // `other` also runs; nullptr: none.
  Runner(Bench& bench, const BrokerServer& server, const BrokerServer* other, Measurements& measured)
      : bench_(bench), options_(bench.options), server_(server), other_(other), measured_(measured) {}

  void Null() {
    NullTraffic traffic;
    Run(Load::kNull, traffic, UnarySlice(options_));
  }

  void Issue() {
    IssueTraffic traffic;
    const MetricsPage before = server_.Metrics();
    Run(Load::kIssue, traffic, UnarySlice(options_));
    bench_.measured.issue_group = server_.Metrics().Mean("tokenbroker_commit_group_size", before);
    tokens_ = std::move(traffic.tokens);
  }

  // What Issue made, in another order.
  void Resolve() {
    tokens_.Shuffle();
    SucceedTraffic traffic(tokens_);
    Run(Load::kResolve, traffic, UnarySlice(options_));
  }

  void Heartbeat() {
    if (beating_.size() == 0) MakeBeating();
    HeartbeatTraffic traffic(beating_);
    Run(Load::kHeartbeat, traffic, UnarySlice(options_));
  }

  void MakeBeating() {
    BatchIssueTraffic issue(kBeating, [](v1::IssueTaskRequest& request) {
      request.mutable_heartbeat_timeout()->set_seconds(kHeartbeatMs / 1000);
    });
    LoadShape all{kBatchChannels, kBatchOutstanding, Seconds(0), Seconds(60)};
    all.quiet = true;
    RunLoad("issuing", issue, server_.target(), server_.process(), all);
    beating_ = std::move(issue.tokens);
    beating_.Shuffle();
  }

  void BatchIssue() {
    BatchIssueTraffic traffic;
    traffic.tokens.Reserve(kMostTokens);
    const MetricsPage before = server_.Metrics();
    Run(Load::kBatchIssue, traffic, BatchSlice(options_));
    bench_.measured.batch_issue_group = server_.Metrics().Mean("tokenbroker_commit_group_size", before);
    tokens_ = std::move(traffic.tokens);
  }

  void BatchResolve() {
    tokens_.Shuffle();
    BatchSettleTraffic traffic(tokens_);
    Run(Load::kBatchResolve, traffic, BatchSlice(options_));
  }

 private:
  template <typename Traffic>
  void Run(Load load, Traffic& traffic, const LoadShape& shape) {
    if (other_ != nullptr) other_->WaitUntilQuiet(kShortLook);
    measured_[load].Add(RunLoad(NameOf(load), traffic, server_.target(), server_.process(), shape));
  }

  Bench& bench_;
  const Options& options_;
  const BrokerServer& server_;
  const BrokerServer* const other_;
  Measurements& measured_;
  TokenPool tokens_;
  TokenPool beating_;
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
    Runner empty(bench_, fresh.server, full_ ? &waiting_->server() : nullptr, empty_);
    std::unique_ptr<Runner> filled;
    if (full_) filled = std::make_unique<Runner>(bench_, waiting_->server(), &fresh.server, filled_);
    for (Rounds rounds(options_.slices()); rounds.Another();) TakeTurns(empty, filled.get());
    for (Rounds rounds(options_.slices()); rounds.Another();) TakeTurnsInBatches(empty, filled.get());
    for (auto& [load, slices] : empty_) slices.Print(NameOf(load));
    for (auto& [load, slices] : filled_) slices.Print(std::string("with many: ") + NameOf(load));
  }

  void TakeTurns(Runner& empty, Runner* filled) {
    empty.Null();
    empty.Issue();
    if (resolves_) empty.Resolve();
    if (heartbeats_) empty.Heartbeat();
    if (filled == nullptr) return;
    filled->Issue();
    filled->Resolve();
  }

  // Behind the others: what so many tasks leave to be sorted and merged would be charged to them.
  void TakeTurnsInBatches(Runner& empty, Runner* filled) {
    if (filled != nullptr) filled->BatchIssue();
    if (batches_) empty.BatchIssue();
    if (batches_ && resolves_) empty.BatchResolve();
  }

  void KeepMeasured() {
    bench_.measured.issue = empty_[Load::kIssue].Median(Slices::Rate);
    bench_.measured.resolve = empty_[Load::kResolve].Median(Slices::Rate);
    bench_.measured.batch_issue = empty_[Load::kBatchIssue].Median(Slices::Rate);
    bench_.measured.batch_resolve = empty_[Load::kBatchResolve].Median(Slices::Rate);
  }

  void Compare(Row row, const Slices& load, const Slices& base, Slices::Figure figure) {
    if (!Wants({row.id.c_str()})) return;
    row.value = load.Median(figure);
    row.baseline = base.Median(figure);
    row.median_ratio = load.MedianRatio(base, figure);
    bench_.report.Add(std::move(row));
  }

  void AddRows() {
    const auto compare = [this](Row row, Load load, Load base, Slices::Figure figure) {
      Compare(std::move(row), empty_[load], empty_[base], figure);
    };
    compare({"P1", "issue, unary", 0, "calls/s", {}, "null handler", Must::kReach, 0.70}, Load::kIssue, Load::kNull,
            Slices::Rate);
    if (batches_) {
      compare({"P2", "issue, batches of 100", 0, "tasks/s", {}, "P1", Must::kReach, 8}, Load::kBatchIssue, Load::kIssue,
              Slices::Rate);
      compare({"P2.null", "P2 beside null calls", 0, "tasks/s", {}, "null handler"}, Load::kBatchIssue, Load::kNull,
              Slices::Rate);
    }
    if (resolves_) {
      compare({"P3", "resolve, unary", 0, "calls/s", {}, "P1", Must::kReach, 0.9}, Load::kResolve, Load::kIssue,
              Slices::Rate);
    }
    if (batches_ && resolves_) {
      compare({"P3b", "resolve, batches of 100", 0, "tasks/s", {}, "P2", Must::kReach, 0.8}, Load::kBatchResolve,
              Load::kBatchIssue, Slices::Rate);
    }
    if (heartbeats_) {
      compare({"HB", "heartbeat, unary", 0, "calls/s", {}, "null handler", Must::kReach, 0.85}, Load::kHeartbeat,
              Load::kNull, Slices::Rate);
    }
    compare({"P7", "server CPU, unary issue", 0, "us/call", {}, "null handler", Must::kStayBelow, 1.5}, Load::kIssue,
            Load::kNull, Slices::Cpu);
    if (batches_ && Wants({"P7b"})) {
      bench_.report.Add({"P7b",
                         "server CPU, batches of 100",
                         empty_[Load::kBatchIssue].Median(Slices::Cpu),
                         "us/task",
                         {},
                         "",
                         Must::kStayBelow,
                         2.0});
      compare({"P7b.null", "P7b beside null calls", 0, "us/task", {}, "null handler"}, Load::kBatchIssue, Load::kNull,
              Slices::Cpu);
    }
  }

  void AddWaitingRows() {
    const std::string with = ", " + std::to_string(options_.waiting / 1'000'000) + " million wait";
    const auto compare = [&](const char* id, const std::string& name, Load load) {
      Compare({id, name + with, 0, "/s", {}, "without", Must::kReach, 0.85}, filled_[load], empty_[load], Slices::Rate);
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
  Measurements empty_;
  Measurements filled_;
};

}  // namespace

void MeasureThroughput(Bench& bench) { Throughput(bench).Run(); }

}  // namespace tokenbroker::benchmarks
