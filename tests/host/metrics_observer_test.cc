#include "server/host/metrics_observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
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

TEST_F(MetricsObserverTest, EachQueueThatIsFullIsNamed) {
  observer_.Overloaded(broker::Queue::kParked);
  for (int i = 0; i < 3; ++i) observer_.Overloaded(broker::Queue::kAwaits);
  EXPECT_THAT(log_, HasSubstr(R"("event":"overloaded","queue":"parked")"));
  EXPECT_THAT(log_, HasSubstr(R"("event":"overloaded","queue":"awaits")"));
  EXPECT_EQ(log_.find("awaits"), log_.rfind("awaits")) << "once in a while";
}

TEST_F(MetricsObserverTest, WhatWasParkedInVainIsCountedAndLogged) {
  observer_.ParkedOutcomeLapsed("orders");
  observer_.ParkedOutcomeRefused("orders");
  EXPECT_THAT(log_, HasSubstr(R"("event":"parked_outcome_lapsed","namespace":"orders")"));
  EXPECT_THAT(log_, HasSubstr(R"("event":"parked_outcome_refused","namespace":"orders")"));
  EXPECT_THAT(Metrics(), HasSubstr("\ntokenbroker_parked_lapsed_total 1\n"));
  EXPECT_THAT(Metrics(), HasSubstr("\ntokenbroker_parked_refused_total 1\n"));
}

TEST_F(MetricsObserverTest, WhatIsFullIsCountedAndLoggedUnderItsName) {
  using broker::Queue;
  for (Queue queue :
       {Queue::kCommit, Queue::kReads, Queue::kAwaits, Queue::kParked, Queue::kProgress, Queue::kCancelReasons}) {
    observer_.Overloaded(queue);
  }
  EXPECT_THAT(log_, HasSubstr(R"("event":"overloaded","queue":"commit")"));
  for (const char* name : {"commit", "reads", "awaits", "parked", "progress", "cancel_reasons"}) {
    EXPECT_THAT(Metrics(), HasSubstr(absl::StrCat("tokenbroker_overload_refusals_total{queue=\"", name, "\"} 1\n")));
  }
}

TEST_F(MetricsObserverTest, ATaskThatWaitsIsNoOutcome) {
  observer_.Resolved(broker::TaskState::kWaiting, 1);
  EXPECT_THAT(Metrics(), HasSubstr("\ntokenbroker_tasks_resolved_total{outcome=\"succeeded\"} 0\n"));
}

}  // namespace
}  // namespace tokenbroker
