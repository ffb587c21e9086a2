#include "server/telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/telemetry/exposition_parser.h"

namespace tokenbroker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Counter, AddsUpOverThreads) {
  Counter counter;
  std::vector<std::thread> threads;
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 10'000; ++j) counter.Increment();
    });
  }
  for (std::thread& thread : threads) thread.join();
  counter.Increment(5);
  EXPECT_EQ(counter.Value(), 200'005u);
}

TEST(Gauge, GoesUpAndDown) {
  Gauge gauge;
  gauge.Set(5);
  gauge.Add(-7);
  EXPECT_EQ(gauge.Value(), -2);
}

TEST(Histogram, PutsAValueIntoTheFirstBucketThatHoldsIt) {
  const double bounds[] = {1, 2, 5};
  Histogram histogram(bounds);
  for (const double value : {0.5, 1.0, 1.5, 2.0, 5.0, 5.1, 100.0}) histogram.Observe(value);
  const Histogram::Snapshot snapshot = histogram.Read();
  EXPECT_THAT(snapshot.counts, ElementsAre(2, 2, 1, 2));
  EXPECT_EQ(snapshot.count, 7u);
  EXPECT_DOUBLE_EQ(snapshot.sum, 115.1);
}

TEST(CallbackGauge, HasASampleWhileItHasASource) {
  MetricsRegistry registry;
  CallbackGauge& gauge = registry.AddCallbackGauge("room_bytes", "Room.");
  EXPECT_THAT(registry.Render(Exposition::kPrometheus), Not(HasSubstr("\nroom_bytes")));
  gauge.SetSource([] { return 2.5; });
  EXPECT_THAT(registry.Render(Exposition::kPrometheus), HasSubstr("\nroom_bytes 2.5\n"));
  gauge.ClearSource();
  EXPECT_THAT(registry.Render(Exposition::kPrometheus), Not(HasSubstr("\nroom_bytes")));
}

TEST(MetricsRegistry, RendersPrometheusText) {
  MetricsRegistry registry;
  registry.AddCounter("things_total", "Things,\nwith a \\.", {{"kind", "a\"b\\c\nd"}}).Increment(3);
  registry.AddCounter("things_total", "", {{"kind", "other"}});
  registry.AddGauge("level", "Level.").Set(-4);
  const double bounds[] = {0.5, 1};
  Histogram& histogram = registry.AddHistogram("wait_seconds", "Wait.", bounds, {{"who", "me"}});
  histogram.Observe(0.25);
  histogram.Observe(7);
  EXPECT_EQ(registry.Render(Exposition::kPrometheus), R"(# HELP things_total Things,\nwith a \\.
# TYPE things_total counter
things_total{kind="a\"b\\c\nd"} 3
things_total{kind="other"} 0
# HELP level Level.
# TYPE level gauge
level -4
# HELP wait_seconds Wait.
# TYPE wait_seconds histogram
wait_seconds_bucket{who="me",le="0.5"} 1
wait_seconds_bucket{who="me",le="1"} 1
wait_seconds_bucket{who="me",le="+Inf"} 2
wait_seconds_sum{who="me"} 7.25
wait_seconds_count{who="me"} 2
)");
  EXPECT_TRUE(ParseExposition(registry.Render(Exposition::kPrometheus), Exposition::kPrometheus).ok());
}

TEST(MetricsRegistry, RendersOpenMetrics) {
  MetricsRegistry registry;
  registry.AddCounter("things_total", "Things.").Increment();
  const double bounds[] = {1, 1'000'000};
  registry.AddHistogram("size_bytes", "Size.", bounds).Observe(3);
  EXPECT_EQ(registry.Render(Exposition::kOpenMetrics), R"(# HELP things Things.
# TYPE things counter
things_total 1
# HELP size_bytes Size.
# TYPE size_bytes histogram
size_bytes_bucket{le="1.0"} 0
size_bytes_bucket{le="1e+06"} 1
size_bytes_bucket{le="+Inf"} 1
size_bytes_sum 3
size_bytes_count 1
# EOF
)");
  EXPECT_TRUE(ParseExposition(registry.Render(Exposition::kOpenMetrics), Exposition::kOpenMetrics).ok());
}

TEST(MetricsRegistryDeathTest, RefusesMisuse) {
  MetricsRegistry registry;
  registry.AddCounter("a_total", "A.", {{"x", "1"}});
  EXPECT_DEATH(registry.AddCounter("a_total", "A.", {{"x", "1"}}), "made twice");
  EXPECT_DEATH(registry.AddCounter("a_total", "A.", {{"y", "1"}}), "different label names");
  EXPECT_DEATH(registry.AddCounter("a", "A."), "end in _total");
  EXPECT_DEATH(registry.AddGauge("a_total", "A."), "end in _total");
  EXPECT_DEATH(registry.AddGauge("A", "A."), "not a name");
}

TEST(ExpositionFor, TakesOpenMetricsOnlyIfItIsNamed) {
  EXPECT_EQ(ExpositionFor(""), Exposition::kPrometheus);
  EXPECT_EQ(ExpositionFor("*/*"), Exposition::kPrometheus);
  EXPECT_EQ(ExpositionFor("text/plain;version=0.0.4"), Exposition::kPrometheus);
  EXPECT_EQ(ExpositionFor("application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5"),
            Exposition::kOpenMetrics);
}

}  // namespace
}  // namespace tokenbroker
