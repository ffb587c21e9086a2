// H1, H2: a settlement over HTTP, as REST and as AWS's wire, against a handler of the same server that does nothing
// with the same bodies. H3: in bulk, against gRPC.
#include <vector>

#include "tests/bench/bench.h"
#include "tests/bench/calm.h"
#include "tests/bench/http_load.h"
#include "tests/bench/slices.h"

namespace tokenbroker::benchmarks {
namespace {

// As many calls under way as in P1.
constexpr int kConnections = 256;
constexpr int kBatchConnections = 16;
constexpr int kStreams = 4;
// As many as the broker takes in before it answers.
constexpr int kUnansweredLines = 4;
constexpr int kGrpcChannels = 2;
constexpr int kGrpcOutstanding = 8;
// More than any machine settles in a second.
constexpr double kUnaryRate = 120'000;
constexpr double kBatchRate = 400'000;
// What issuing leaves to be sorted and merged is not to be charged to the null handler.
constexpr std::chrono::milliseconds kShortLook{100};

// A load and what it is compared with.
struct Pair {
  Row Rates(const char* id, const char* name, const char* unit, const char* base_name, double limit) const {
    Row row{id, name, load.Median(Slices::Rate), unit, base.Median(Slices::Rate), base_name, Must::kReach, limit};
    row.median_ratio = load.MedianRatio(base, Slices::Rate);
    return row;
  }
  Row Cpu(const char* id, const char* name, const char* base_name) const {
    Row row{id, name, load.Median(Slices::Cpu), "us", base.Median(Slices::Cpu), base_name};
    row.median_ratio = load.MedianRatio(base, Slices::Cpu);
    return row;
  }

  Slices load;
  Slices base;
};

class HttpRows {
 public:
  explicit HttpRows(Bench& bench)
      : bench_(bench),
        options_(bench.options),
        rest_(options_.Wants({"H1", "H1.cpu"})),
        aws_(options_.Wants({"H2", "H2.cpu"})),
        bulk_(options_.Wants({"H3", "H3.batch"})) {}

  void Run() {
    for (int i = 0; i < options_.repetitions; ++i) Repeat();
    AddRows();
  }

 private:
  void Repeat() {
    FreshBroker broker(options_);
    if (rest_) Unary(broker, Wire::kRest, "REST", rest_pair_);
    if (aws_) Unary(broker, Wire::kAws, "AWS", aws_pair_);
    if (bulk_) Bulk(broker);
  }

  // As many as a slice settles.
  TokenPool Issue(const FreshBroker& broker, double rate) {
    const double count = rate * (options_.slice_warm_up + options_.slice).count();
    BatchIssueTraffic issue(static_cast<uint64_t>(count));
    LoadShape shape{kGrpcChannels, kGrpcOutstanding, Seconds(0), Seconds(120)};
    shape.quiet = true;
    RunLoad("issuing", issue, broker.target(), broker.server.process(), shape);
    issue.tokens.Shuffle();
    return std::move(issue.tokens);
  }

  LoadShape Slice(int channels, int outstanding) const {
    return {channels, outstanding, options_.slice_warm_up, options_.slice, /*quiet=*/true};
  }

  void Unary(const FreshBroker& broker, Wire wire, const std::string& name, Pair& pair) {
    HttpNullTraffic nothing(wire);
    const auto run = [&](HttpTraffic& traffic) {
      return RunHttpLoad(name, traffic, broker.server.http_port(), broker.server.process(), Slice(kConnections, 1));
    };
    for (Rounds rounds(options_.slices()); rounds.Another();) {
      TokenPool tokens = Issue(broker, kUnaryRate);
      HttpSettleTraffic settle(wire, tokens);
      broker.server.WaitUntilQuiet(kShortLook);
      pair.base.Add(run(nothing));
      pair.load.Add(run(settle));
    }
    pair.base.Print(name + " null");
    pair.load.Print(name + " settle");
  }

  void Bulk(const FreshBroker& broker) {
    const int port = broker.server.http_port();
    const pid_t server = broker.server.process();
    for (Rounds rounds(options_.slices()); rounds.Another();) {
      TokenPool tokens = Issue(broker, kBatchRate);
      BatchSettleTraffic settle(tokens);
      const LoadResult base = RunLoad("gRPC", settle, broker.target(), server, Slice(kGrpcChannels, kGrpcOutstanding));
      lines_.base.Add(base);
      batches_.base.Add(base);
      tokens = Issue(broker, kBatchRate);
      lines_.load.Add(RunLineLoad("NDJSON", tokens, port, server, Slice(kStreams, kUnansweredLines)));
      tokens = Issue(broker, kBatchRate);
      HttpBatchTraffic batches(tokens);
      batches_.load.Add(RunHttpLoad("batches", batches, port, server, Slice(kBatchConnections, 1)));
    }
    lines_.base.Print("gRPC settle, batches");
    lines_.load.Print("REST NDJSON");
    batches_.load.Print("REST settle, batches");
  }

  void AddRows() {
    const auto add = [this](Row row) {
      if (options_.Wants({row.id.c_str()})) bench_.report.Add(std::move(row));
    };
    if (rest_) {
      add(rest_pair_.Rates("H1", "settle, REST", "calls/s", "null handler", 0.70));
      add(rest_pair_.Cpu("H1.cpu", "server CPU, settle, REST", "null handler"));
    }
    if (aws_) {
      add(aws_pair_.Rates("H2", "settle, AWS wire", "calls/s", "null handler", 0.70));
      add(aws_pair_.Cpu("H2.cpu", "server CPU, settle, AWS wire", "null handler"));
    }
    if (bulk_) {
      add(lines_.Rates("H3", "settle, NDJSON, 100 a line", "tasks/s", "gRPC, batches", 0.5));
      add(batches_.Rates("H3.batch", "settle, REST, batches of 100", "tasks/s", "gRPC, batches", 0.5));
    }
  }

  Bench& bench_;
  const Options& options_;
  const bool rest_;
  const bool aws_;
  const bool bulk_;
  Pair rest_pair_;
  Pair aws_pair_;
  Pair lines_;
  Pair batches_;
};

}  // namespace

void MeasureHttp(Bench& bench) { HttpRows(bench).Run(); }

}  // namespace tokenbroker::benchmarks
