// H1, H2: a settlement over HTTP, as REST and as AWS's wire, against a handler of the same server that does nothing
// with the same bodies. H3: in bulk, against gRPC.
#include <vector>

#include "tests/bench/bench.h"
#include "tests/bench/http_load.h"

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

// Rate and CPU, each beside its baseline's.
struct Series {
  void Add(const LoadResult& result, const LoadResult& base) {
    rates.push_back(result.rate());
    base_rates.push_back(base.rate());
    rate_ratios.push_back(result.rate() / base.rate());
    cpu.push_back(result.cpu_us_per_item());
    base_cpu.push_back(base.cpu_us_per_item());
    cpu_ratios.push_back(result.cpu_us_per_item() / base.cpu_us_per_item());
  }
  Row Rates(const char* id, const char* name, const char* unit, const char* base, double limit) const {
    Row row{id, name, Median(rates), unit, Median(base_rates), base, Must::kReach, limit};
    row.median_ratio = Median(rate_ratios);
    return row;
  }
  Row Cpu(const char* id, const char* name, const char* base) const {
    Row row{id, name, Median(cpu), "us", Median(base_cpu), base};
    row.median_ratio = Median(cpu_ratios);
    return row;
  }

  std::vector<double> rates, base_rates, rate_ratios, cpu, base_cpu, cpu_ratios;
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
    if (rest_) Unary(broker, Wire::kRest, "REST", rest_series_);
    if (aws_) Unary(broker, Wire::kAws, "AWS", aws_series_);
    if (bulk_) Bulk(broker);
  }

  TokenPool Issue(const FreshBroker& broker, double rate) {
    const double count = rate * (options_.warm_up + options_.run).count();
    BatchIssueTraffic issue(static_cast<uint64_t>(count));
    LoadShape shape{kGrpcChannels, kGrpcOutstanding, Seconds(0), Seconds(120)};
    shape.quiet = true;
    RunLoad("issuing", issue, broker.target(), broker.server.process(), shape);
    issue.tokens.Shuffle();
    return std::move(issue.tokens);
  }

  LoadShape Shape(int channels, int outstanding) const {
    return {channels, outstanding, options_.warm_up, options_.run};
  }

  void Unary(const FreshBroker& broker, Wire wire, const std::string& name, Series& series) {
    TokenPool tokens = Issue(broker, kUnaryRate);
    const auto run = [&](const std::string& what, HttpTraffic& traffic) {
      return RunHttpLoad(name + what, traffic, broker.server.http_port(), broker.server.process(),
                         Shape(kConnections, 1));
    };
    HttpNullTraffic nothing(wire);
    HttpSettleTraffic settle(wire, tokens);
    const LoadResult base = run(" null", nothing);
    series.Add(run(" settle", settle), base);
  }

  void Bulk(const FreshBroker& broker) {
    const int port = broker.server.http_port();
    const pid_t server = broker.server.process();
    TokenPool tokens = Issue(broker, kBatchRate);
    BatchSettleTraffic settle(tokens);
    const LoadResult base =
        RunLoad("gRPC settle, batches", settle, broker.target(), server, Shape(kGrpcChannels, kGrpcOutstanding));
    tokens = Issue(broker, kBatchRate);
    lines_.Add(RunLineLoad("REST NDJSON", tokens, port, server, Shape(kStreams, kUnansweredLines)), base);
    tokens = Issue(broker, kBatchRate);
    HttpBatchTraffic batches(tokens);
    batches_.Add(RunHttpLoad("REST settle, batches", batches, port, server, Shape(kBatchConnections, 1)), base);
  }

  void AddRows() {
    const auto add = [this](Row row) {
      if (options_.Wants({row.id.c_str()})) bench_.report.Add(std::move(row));
    };
    if (rest_) {
      add(rest_series_.Rates("H1", "settle, REST", "calls/s", "null handler", 0.70));
      add(rest_series_.Cpu("H1.cpu", "server CPU, settle, REST", "null handler"));
    }
    if (aws_) {
      add(aws_series_.Rates("H2", "settle, AWS wire", "calls/s", "null handler", 0.70));
      add(aws_series_.Cpu("H2.cpu", "server CPU, settle, AWS wire", "null handler"));
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
  Series rest_series_;
  Series aws_series_;
  Series lines_;
  Series batches_;
};

}  // namespace

void MeasureHttp(Bench& bench) { HttpRows(bench).Run(); }

}  // namespace tokenbroker::benchmarks
