#include "server/metrics_observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/telemetry/log.h"
#include "tests/testing/broker_harness.h"

namespace tokenbroker {
namespace {

using ::testing::HasSubstr;

class MetricsObserverTest : public ::testing::Test {
 protected:
  MetricsObserverTest() {
    ConfigureLog({.sink = [this](std::string_view line) { log_ += line; }});
  }
  ~MetricsObserverTest() override { ConfigureLog({}); }

  std::string Metrics() const { return registry_.Render(Exposition::kPrometheus); }

  std::string log_;
  broker::BrokerHarness broker_;
  MetricsRegistry registry_;
  BrokerMetrics metrics_{registry_};
  DeliveryMetrics deliveries_{registry_};
  MetricsObserver observer_{metrics_, deliveries_, broker_.clock()};
};

TEST_F(MetricsObserverTest, TroubleThatGoesOnHidesNoOther) {
  for (int i = 0; i < 3; ++i) observer_.Trouble("call_failed", absl::InternalError("no index"));
  observer_.Trouble("append_failed", absl::InternalError("no disk"));
  EXPECT_THAT(log_, HasSubstr(R"("event":"append_failed","msg":"no disk")"));
  EXPECT_EQ(log_.find("call_failed"), log_.rfind("call_failed")) << "once in a while";
}

TEST_F(MetricsObserverTest, WhatWasParkedInVainIsCountedAndLogged) {
  observer_.ParkedOutcomeLapsed("orders");
  observer_.ParkedOutcomeRefused("orders");
  EXPECT_THAT(log_, HasSubstr(R"("event":"parked_outcome_lapsed","namespace":"orders")"));
  EXPECT_THAT(log_, HasSubstr(R"("event":"parked_outcome_refused","namespace":"orders")"));
  EXPECT_THAT(Metrics(), HasSubstr("\ntokenbroker_parked_lapsed_total 1\n"));
  EXPECT_THAT(Metrics(), HasSubstr("\ntokenbroker_parked_refused_total 1\n"));
}

}  // namespace
}  // namespace tokenbroker
