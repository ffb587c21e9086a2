#include "server/host/delivery_observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/telemetry/log.h"
#include "tests/testing/broker_harness.h"
#include "tests/testing/scripted_target.h"

namespace tokenbroker {
namespace {

using forward::Answer;
using ::testing::HasSubstr;

class DeliveryObserverTest : public ::testing::Test {
 protected:
  DeliveryObserverTest() {
    ConfigureLog({.sink = [this](std::string_view line) { log_ += line; }});
  }
  ~DeliveryObserverTest() override { ConfigureLog({}); }

  std::string Metrics() const { return registry_.Render(Exposition::kPrometheus); }

  std::string log_;
  broker::BrokerHarness broker_;
  MetricsRegistry registry_;
  DeliveryMetrics metrics_{registry_};
  DeliveryObserver observer_{metrics_, broker_.clock()};
};

TEST_F(DeliveryObserverTest, MisplacedBeatsAreCountedAndLogged) {
  observer_.BeatsMisplaced("states", "000000000000000001", forward::BeatPlanner::Warning::kNobodyBeats);
  EXPECT_THAT(log_, HasSubstr(R"("event":"beats_nobody_beats","target":"states","task_id":"000000000000000001")"));
  EXPECT_THAT(Metrics(),
              HasSubstr("tokenbroker_upstream_beat_warnings_total{target=\"states\",kind=\"nobody_beats\"} 1\n"));
}

TEST_F(DeliveryObserverTest, BeatsAreCountedByTheirAnswerAndWhatIsWrongIsLogged) {
  observer_.BeatAnswered("states", {.kind = Answer::Kind::kAccepted, .code = "200"});
  EXPECT_EQ(log_, "");
  observer_.BeatAnswered("states", {.kind = Answer::Kind::kNeedsOperator, .code = "AccessDeniedException"});
  EXPECT_THAT(log_, HasSubstr("upstream_beat_needs_operator"));
  EXPECT_THAT(Metrics(), HasSubstr("tokenbroker_upstream_beats_total{target=\"states\",code=\"200\"} 1\n"));
}

TEST_F(DeliveryObserverTest, GaugesShowWhatIsWatchedAndWhatIsDue) {
  forward::ScriptedTarget::Script script;
  script.beats_available = 0;
  forward::ScriptedTarget target(script);
  forward::Beater beater({broker_.broker(), broker_.clock(), observer_, [] { return 0.5; }}, {{"states", target}});
  const broker::NewTask task{
      .heartbeat_timeout = broker::Millis(60'000), .target = "states", .upstream_token = "secret"};
  EXPECT_TRUE(broker_.Beat(broker_.Issue(task)).ok());
  beater.RunOnce();
  ShowBeats(beater, metrics_);
  EXPECT_THAT(Metrics(), HasSubstr("tokenbroker_upstream_beats_watched{target=\"states\"} 1\n"));
  EXPECT_THAT(Metrics(), HasSubstr("tokenbroker_upstream_beats_due{target=\"states\"} 1\n"));
  EXPECT_THAT(Metrics(), HasSubstr("tokenbroker_upstream_beats_late{target=\"states\"} 0\n"));
}

}  // namespace
}  // namespace tokenbroker
