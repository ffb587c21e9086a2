// P6l: a million deadlines in a minute, and how late each was served, by the broker's own count.
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

#include "tests/bench/bench.h"
#include "tests/bench/load.h"
#include "tests/bench/traffic.h"

namespace tokenbroker::benchmarks {
namespace {

constexpr char kLateness[] = "tokenbroker_expiry_lateness_seconds";
// From the start until the first deadline: long enough to issue all of them.
constexpr Seconds kAhead{20};
constexpr Seconds kGrace{30};

using Time = std::chrono::steady_clock;

void IssueDeadlines(const Options& options, const FreshBroker& broker, Time::time_point first) {
  const double step_ms = options.deadline_span.count() * 1000 / static_cast<double>(options.deadlines);
  uint64_t number = 0;
  BatchIssueTraffic traffic(options.deadlines, [&](v1::IssueTaskRequest& request) {
    const auto ahead = std::chrono::duration_cast<std::chrono::milliseconds>(first - Time::now()).count();
    SetTimeout(ahead + static_cast<int64_t>(static_cast<double>(number++) * step_ms), request);
  });
  traffic.keep_tokens = false;
  LoadShape shape{2, 8, Seconds(0), kAhead};
  shape.quiet = true;
  const LoadResult result = RunLoad("issuing", traffic, broker.target(), broker.server.process(), shape);
  if (result.items != options.deadlines) throw std::runtime_error("not all deadlines could be issued in time");
}

}  // namespace

void MeasureExpiry(Bench& bench) {
  const Options& options = bench.options;
  FreshBroker broker(options);
  const MetricsPage before = broker.server.Metrics();
  const Time::time_point first = Time::now() + std::chrono::duration_cast<Time::duration>(kAhead);
  IssueDeadlines(options, broker, first);
  const auto last = first + std::chrono::duration_cast<Time::duration>(options.deadline_span);
  std::this_thread::sleep_until(last);
  MetricsPage after = broker.server.Metrics();
  const auto expired = [&] { return after.Value(std::string(kLateness) + "_count"); };
  while (expired() < static_cast<double>(options.deadlines) && Time::now() < last + kGrace) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    after = broker.server.Metrics();
  }
  if (expired() < static_cast<double>(options.deadlines)) throw std::runtime_error("deadlines were not served");
  const std::string name = std::to_string(options.deadlines) + " deadlines in " +
                           std::to_string(static_cast<int>(options.deadline_span.count())) + " s, lateness p99";
  bench.report.Add(
      {"P6l", name, after.Quantile(kLateness, 0.99, before) * 1000, "ms (bucket)", {}, "", Must::kStayBelow, 1000});
  bench.report.Add({"P6l.mean", "the same, mean", after.Mean(kLateness, before) * 1000, "ms", {}, "", Must::kNone, 0});
}

}  // namespace tokenbroker::benchmarks
