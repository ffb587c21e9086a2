#include "server/telemetry/broker_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "server/telemetry/delivery_metrics.h"
#include "tests/telemetry/exposition_parser.h"

namespace tokenbroker {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(BrokerMetrics, CountsUnderTheNamedLabels) {
  MetricsRegistry registry;
  BrokerMetrics metrics(registry, "1.2.3");
  metrics.tasks_issued.Increment();
  metrics.tasks_resolved(TaskOutcome::kSuperseded).Increment(2);
  metrics.settle_verdicts(SettleVerdict::kReplayed, DoorKind::kRest).Increment(3);
  metrics.overload_refusals(BoundedQueue::kWatches).Increment(4);
  metrics.overload_refusals(BoundedQueue::kCancelReasons).Increment(5);
  metrics.open_tasks.SetSource([] { return 5; });
  metrics.rpc("ResolverService/Succeed").OnDone(0, 0.002);
  metrics.rpc("ResolverService/Succeed").OnDone(16, 0.001);
  metrics.rpc("ResolverService/Succeed").OnDone(99, 0.001);
  metrics.http_route("GET /v1/status").OnDone(200, 0.001);
  metrics.http_route("GET /v1/status").OnDone(418, 0.001);
  metrics.http_hangups(HttpHangup::kReset).Increment();
  metrics.drop_files(DropEnding::kFailed).Increment();
  metrics.drop_rows(SettleVerdict::kConflict).Increment(2);
  const std::string text = registry.Render(Exposition::kPrometheus);
  EXPECT_THAT(text, HasSubstr("\ntokenbroker_http_requests_total{route=\"GET /v1/status\",code=\"200\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\ntokenbroker_http_requests_total{route=\"GET /v1/status\",code=\"other\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\ntokenbroker_http_hangups_total{reason=\"reset\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\ntokenbroker_drop_files_total{result=\"failed\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\ntokenbroker_drop_rows_total{verdict=\"conflict\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("\ntokenbroker_tasks_issued_total 1\n"));
  EXPECT_THAT(text, HasSubstr("\ntokenbroker_tasks_resolved_total{outcome=\"superseded\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("\ntokenbroker_settle_verdicts_total{verdict=\"replayed\",door=\"rest\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("\ntokenbroker_overload_refusals_total{queue=\"watches\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("\ntokenbroker_overload_refusals_total{queue=\"cancel_reasons\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("\ntokenbroker_open_tasks 5\n"));
  EXPECT_THAT(text, HasSubstr("\ntokenbroker_rpc_total{method=\"ResolverService/Succeed\",code=\"OK\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("code=\"UNAUTHENTICATED\",le=\"0.001\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\ntokenbroker_rpc_total{method=\"ResolverService/Succeed\",code=\"UNKNOWN\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\ntokenbroker_build_info{version=\"1.2.3\"} 1\n"));
}

TEST(BrokerMetrics, KnowsTheStatusesOfCallbackPages) {
  MetricsRegistry registry;
  BrokerMetrics metrics(registry);
  RouteMetrics& route = metrics.http_route("POST /c/{token}/succeed");
  for (const int status : {303, 410, 422}) route.OnDone(status, 0.001);
  const std::string text = registry.Render(Exposition::kPrometheus);
  for (const char* status : {"303", "410", "422"})
    EXPECT_THAT(text, HasSubstr(std::string("code=\"") + status + "\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("code=\"other\"")));
}

TEST(BrokerMetrics, IsWellFormedInBothForms) {
  MetricsRegistry registry;
  BrokerMetrics metrics(registry);
  metrics.rpc("A/B").OnDone(0, 100);
  metrics.expiry_lateness_seconds.Observe(0.2);
  for (const Exposition exposition : {Exposition::kPrometheus, Exposition::kOpenMetrics}) {
    const auto families = ParseExposition(registry.Render(exposition), exposition);
    ASSERT_TRUE(families.ok()) << families.status();
    for (const auto& [name, family] : *families) EXPECT_EQ(name.substr(0, 12), "tokenbroker_");
  }
}

TEST(BrokerMetrics, OneMethodFromManyThreadsLosesNothing) {
  MetricsRegistry registry;
  BrokerMetrics metrics(registry);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1'700; ++j) metrics.rpc("A/B").OnDone(j % 17, 0.1);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(registry.Render(Exposition::kPrometheus),
              HasSubstr("tokenbroker_rpc_total{method=\"A/B\",code=\"DATA_LOSS\"} 400\n"));
}

TEST(DeliveryMetrics, AnswersBeyondABoundCountAsOther) {
  MetricsRegistry registry;
  DeliveryMetrics metrics(registry);
  for (int i = 0; i < 100; ++i) metrics.Of("t").attempts("code " + std::to_string(i)).Increment();
  metrics.Of("t").attempts("code 3").Increment();
  const std::string text = registry.Render(Exposition::kPrometheus);
  EXPECT_THAT(text, HasSubstr("tokenbroker_delivery_attempts_total{target=\"t\",code=\"code 3\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("tokenbroker_delivery_attempts_total{target=\"t\",code=\"other\"} 36\n"));
}

TEST(BrokerMetrics, OperatingManualListsThemAll) {
  std::ifstream stream(TB_OPERATING_MD);
  std::stringstream manual;
  manual << stream.rdbuf();
  MetricsRegistry registry;
  BrokerMetrics metrics(registry);
  metrics.rpc("A/B").OnDone(0, 0);
  metrics.http_route("GET /").OnDone(200, 0);
  DeliveryMetrics deliveries(registry);
  deliveries.Of("t").attempts("HTTP 503").Increment();
  deliveries.Of("t").settled("delivered").Increment();
  deliveries.Of("t").subscribers();
  const auto families = ParseExposition(registry.Render(Exposition::kPrometheus), Exposition::kPrometheus).value();
  for (const auto& [name, family] : families) EXPECT_THAT(manual.str(), HasSubstr("`" + name)) << "docs/operating.md";
}

}  // namespace
}  // namespace tokenbroker
