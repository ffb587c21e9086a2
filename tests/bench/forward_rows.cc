// F1, F2, F4: outcomes on their way to a target that answers at once, beside the HTTP client alone. F3: a million of
// them, owed while the target was down.
#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

#include "tests/bench/bare_client.h"
#include "tests/bench/bench.h"
#include "tests/bench/forward_traffic.h"
#include "tests/bench/forwarding_broker.h"
#include "tests/bench/machine.h"
#include "tests/bench/open_loop.h"

namespace tokenbroker::benchmarks {
namespace {

using Time = std::chrono::steady_clock;

// As many as a target has under way by default.
constexpr int kUnderWay = 256;
constexpr int kChannels = 4;
constexpr int kOutstanding = 64;
constexpr Seconds kLongestRun{5};
constexpr Seconds kLongestWarmUp{2};
// Of F1's rate: an easy load.
constexpr double kEasy = 0.2;
// Of what callers alone can settle: the load whose acceptance is compared.
constexpr double kAccepting = 0.5;
// More than any machine settles in a second, one a call.
constexpr double kMostSettled = 150'000;
// The target is probed at least so often.
constexpr Seconds kLongestProbe{90};
constexpr Seconds kLongestDrain{600};
// MiB. What was delivered stands in the index in memory until a checkpoint: up to two million of up to 57 bytes.
constexpr double kMostGrowth = 128;

struct Forwarded {
  double rate = 0;
  double cpu_us = 0;
};

// What the target took while somebody else did something.
class Watching {
 public:
  Watching(const StepFunctionsStub& stub, pid_t server)
      : stub_(stub), server_(server), begin_(Time::now()), accepted_(stub.accepted()), cpu_(CpuSeconds(server)) {}

  Seconds seconds() const { return Time::now() - begin_; }
  Forwarded Finish() const {
    const auto accepted = static_cast<double>(stub_.accepted() - accepted_);
    return {accepted / seconds().count(), (CpuSeconds(server_) - cpu_) * 1e6 / accepted};
  }

 private:
  const StepFunctionsStub& stub_;
  const pid_t server_;
  const Time::time_point begin_;
  const uint64_t accepted_;
  const double cpu_;
};

struct Delays {
  double p50 = 0;
  double p99 = 0;
};

// What one repetition found.
struct Pass {
  BareResult bare;
  BareResult bare_easy;
  Forwarded forwarded;
  Latency delay;
  OpenLoopResult alone;
  OpenLoopResult beside;
  double forwarded_beside = 0;
};

class ForwardPass {
 public:
  explicit ForwardPass(const Options& options)
      : options_(options),
        warm_up_(std::min(options.warm_up, kLongestWarmUp)),
        run_(std::min(options.run, kLongestRun)) {}

  Pass Run() {
    {
      StepFunctionsStub stub({.tasks = kBareTasks});
      stub.Open();
      pass_.bare = SendBare(stub.url(), kUnderWay, warm_up_, run_);
    }
    const double window = (warm_up_ + run_).count();
    // For two windows; the broker does not send as much as the client alone.
    backlog_ = static_cast<uint64_t>(pass_.bare.rate * 1.8 * window);
    const auto singly = static_cast<uint64_t>(kMostSettled * window * (0.5 + 2 * kAccepting + kEasy));
    StepFunctionsStub stub({.tasks = backlog_ + singly});
    ForwardingBroker broker(options_, stub.url());
    broker.Issue(backlog_ + singly);
    Alone(broker);
    broker.Settle(backlog_);
    broker.server().WaitUntilQuiet();
    stub.Open();
    stub.AwaitAccepted(stub.accepted() + kUnderWay, kLongestProbe);
    AtFullSpeed(broker, stub);
    Beside(broker, stub);
    stub.AwaitAccepted(broker.settled(), Seconds(600));
    Easy(broker, stub);
    return std::move(pass_);
  }

 private:
  // The target is down.
  void Alone(ForwardingBroker& broker) {
    const LoadShape shape{kChannels, kOutstanding, warm_up_ / 2, run_ / 2};
    accepting_ = kAccepting * broker.SettleSingly("settle, target down", shape).rate();
    pass_.alone = Accept(broker);
  }

  OpenLoopResult Accept(ForwardingBroker& broker) {
    ForwardedSettleTraffic traffic(broker.tokens(), broker.settled(), broker.tokens().size());
    OpenLoopResult result = RunAtRate(traffic, broker.target(), {kChannels, accepting_, warm_up_, run_});
    broker.SettledUpTo(traffic.next());
    if (result.wrong > 0) throw std::runtime_error("settling: " + std::to_string(result.wrong) + " wrong answers");
    if (traffic.next() >= broker.tokens().size()) throw std::runtime_error("settling: there were too few tasks");
    return result;
  }

  void AtFullSpeed(const ForwardingBroker& broker, const StepFunctionsStub& stub) {
    std::this_thread::sleep_for(warm_up_);
    const Watching watching(stub, broker.server().process());
    std::this_thread::sleep_for(run_);
    pass_.forwarded = watching.Finish();
  }

  void Beside(ForwardingBroker& broker, const StepFunctionsStub& stub) {
    const Watching watching(stub, broker.server().process());
    pass_.beside = Accept(broker);
    pass_.forwarded_beside = watching.Finish().rate;
    if (stub.accepted() == broker.settled()) throw std::runtime_error("the outcomes that were owed did not last");
  }

  void Easy(ForwardingBroker& broker, const StepFunctionsStub& stub) {
    const double rate = pass_.forwarded.rate * kEasy;
    {
      StepFunctionsStub other({.tasks = kBareTasks});
      other.Open();
      pass_.bare_easy = SendBareAtRate(other.url(), rate, warm_up_, run_);
    }
    const uint64_t first = broker.settled();
    ForwardedSettleTraffic traffic(broker.tokens(), first, broker.tokens().size());
    RunAtRate(traffic, broker.target(), {kChannels, rate, warm_up_, run_});
    stub.AwaitAccepted(traffic.next(), Seconds(60));
    for (uint64_t n = first + static_cast<uint64_t>(rate * warm_up_.count()); n < traffic.next(); ++n) {
      // The target may have it before the caller has the answer.
      const auto delay = std::max(stub.AcceptedAt(n) - traffic.AnsweredAt(n), Time::duration::zero());
      pass_.delay.Add(std::chrono::nanoseconds(delay).count());
    }
  }

  const Options& options_;
  const Seconds warm_up_;
  const Seconds run_;
  uint64_t backlog_ = 0;
  double accepting_ = 0;
  Pass pass_;
};

// A figure of each repetition beside its baseline.
struct Series {
  void Add(double value, double base) {
    values.push_back(value);
    bases.push_back(base);
    ratios.push_back(value / base);
  }
  Row AsRow(const char* id, const char* name, const char* unit, const char* base, Must must = Must::kNone,
            double limit = 0) const {
    Row row{id, name, Median(values), unit, Median(bases), base, must, limit};
    row.median_ratio = Median(ratios);
    return row;
  }

  std::vector<double> values, bases, ratios;
};

void AddRows(Bench& bench, const std::vector<Pass>& passes) {
  Series rate, p50, p99, accepted, accepted_p99, beside;
  std::vector<double> cpu;
  for (const Pass& pass : passes) {
    rate.Add(pass.forwarded.rate, pass.bare.rate);
    cpu.push_back(pass.forwarded.cpu_us);
    p50.Add(pass.delay.QuantileUs(0.5), pass.bare_easy.latency.QuantileUs(0.5));
    p99.Add(pass.delay.QuantileUs(0.99), pass.bare_easy.latency.QuantileUs(0.99));
    accepted.Add(pass.beside.rate, pass.alone.rate);
    accepted_p99.Add(pass.beside.latency.QuantileUs(0.99), pass.alone.latency.QuantileUs(0.99));
    beside.Add(pass.forwarded_beside, pass.forwarded.rate);
  }
  const auto add = [&](Row row) {
    if (bench.options.Wants({row.id.c_str()})) bench.report.Add(std::move(row));
  };
  add(rate.AsRow("F1", "sends to Step Functions", "/s", "HTTP client alone", Must::kReach, 0.70));
  add({"F1.cpu", "server CPU, a send", Median(cpu), "us"});
  add(p50.AsRow("F2", "from answer to target, easy load, p50", "us", "client's round trip"));
  add(p99.AsRow("F2.p99", "the same, p99", "us", "client's round trip"));
  add(accepted.AsRow("F4", "settled beside forwarding", "calls/s", "target down", Must::kReach, 0.90));
  add(accepted_p99.AsRow("F4.p99", "the same, p99", "us", "target down"));
  add(beside.AsRow("F4.sends", "sends meanwhile", "/s", "F1"));
}

// Memory while something goes on.
class Memory {
 public:
  explicit Memory(pid_t process) : process_(process), before_(ResidentBytes(process)), most_(before_) {}
  void Look() { most_ = std::max(most_, ResidentBytes(process_)); }
  double growth() const { return (most_ - before_) / (1 << 20); }

 private:
  const pid_t process_;
  const double before_;
  double most_;
};

}  // namespace

void MeasureForwarding(Bench& bench) {
  std::vector<Pass> passes;
  for (int i = 0; i < bench.options.repetitions; ++i) passes.push_back(ForwardPass(bench.options).Run());
  AddRows(bench, passes);
}

void MeasureBacklog(Bench& bench) {
  const uint64_t count = bench.options.backlog;
  StepFunctionsStub stub({.tasks = count});
  ForwardingBroker broker(bench.options, stub.url());
  broker.Issue(count);
  broker.Settle(count);
  broker.server().WaitUntilQuiet();
  Memory memory(broker.server().process());
  stub.Open();
  stub.AwaitAccepted(1, kLongestProbe);
  const Watching watching(stub, broker.server().process());
  while (stub.accepted() < count && watching.seconds() < kLongestDrain) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    memory.Look();
  }
  const double rate = watching.Finish().rate;
  stub.AwaitAccepted(count, Seconds(0));
  const std::string owed = std::to_string(count) + " owed";
  bench.report.Add(
      {"F3", owed + ", most that memory grew", memory.growth(), "MiB", {}, "", Must::kStayBelow, kMostGrowth});
  bench.report.Add({"F3.rate", owed + ", sends", rate, "/s"});
  bench.report.Add({"F3.again",
                    owed + ", sent more than once",
                    static_cast<double>(stub.repeated()),
                    "",
                    {},
                    "",
                    Must::kStayBelow,
                    0});
}

}  // namespace tokenbroker::benchmarks
