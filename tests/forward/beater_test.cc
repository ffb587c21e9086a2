// The beater over a real broker in memory, with a scripted engine and time that stands still.
#include "server/forward/beater.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <map>
#include <string>

#include "tests/testing/broker_harness.h"
#include "tests/testing/scripted_target.h"

namespace tokenbroker::forward {
namespace {

using broker::BrokerHarness;
using broker::Issued;
using broker::NewTask;
using broker::Reason;
using broker::Ref;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""ms;
using Kind = Answer::Kind;
using Tokens = std::vector<std::string>;
using Warning = BeatPlanner::Warning;

constexpr broker::Millis kInterval = 60s;

Answer Taken() { return {.kind = Kind::kAccepted, .code = "200"}; }
Answer Gone() { return {.kind = Kind::kRejected, .code = "TaskTimedOut"}; }
Answer Denied() { return {.kind = Kind::kNeedsOperator, .code = "AccessDeniedException"}; }
Answer Down() { return {.kind = Kind::kRetry, .code = "connection refused"}; }

struct Notes : Observer {
  void BeatAnswered(std::string_view, const Answer& answer) override { ++answers[answer.code]; }
  void BeatsMisplaced(std::string_view, std::string_view task_id, Warning warning) override {
    misplaced.emplace_back(task_id, warning);
  }
  std::map<std::string, int> answers;
  std::vector<std::pair<std::string, Warning>> misplaced;
};

class BeaterTest : public testing::Test {
 protected:
  explicit BeaterTest(broker::Settings settings = {}) : broker_(std::move(settings)) {
    script_.beat_rule = [](const std::string&) { return Taken(); };
    Open();
  }

  void Open() {
    beater_ = std::make_unique<Beater>(Beater::Parts{broker_.broker(), broker_.clock(), notes_, [] { return 1.0; }},
                                       std::vector<Beater::Target>{{"states", target_}});
  }
  Issued Issue(const std::string& upstream, broker::Millis heartbeat_timeout = kInterval) {
    return broker_.Issue({.heartbeat_timeout = heartbeat_timeout, .target = "states", .upstream_token = upstream});
  }
  // Until nothing moves.
  void Run() {
    bool moved = true;
    while (moved) {
      broker_.Run();
      moved = beater_->RunOnce();
    }
  }
  void Advance(broker::Millis by) {
    broker_.Advance(by);
    Run();
  }
  // The worker beats each second.
  void BeatFor(const Issued& task, int seconds) {
    for (int i = 0; i < seconds; ++i) {
      EXPECT_TRUE(broker_.Beat(task).ok());
      Run();
      Advance(1s);
    }
  }
  Beater::Status Status() { return beater_->Statuses()[0]; }

  BrokerHarness broker_;
  ScriptedTarget::Script script_;
  ScriptedTarget target_{script_};
  Notes notes_;
  std::unique_ptr<Beater> beater_;
};

TEST_F(BeaterTest, ManyBeatsOfAWorkerMakeFewForItsEngine) {
  const Issued task = Issue("secret-1");
  BeatFor(task, 300);
  // The first at once, then one each half interval.
  EXPECT_EQ(script_.beats, Tokens(11, "secret-1"));
  EXPECT_EQ(notes_.answers, (std::map<std::string, int>{{"200", 11}}));
  EXPECT_TRUE(notes_.misplaced.empty());
}

TEST_F(BeaterTest, ABrokerWithoutBeatsHasNothingToDo) {
  const Issued task = Issue("secret-1");
  Run();
  EXPECT_TRUE(script_.beats.empty());
  EXPECT_EQ(Status().watched, 1u);
  EXPECT_EQ(beater_->NextDue(), broker_.now() + 30'000) << "when it looks whether anybody beats";
  broker_.Succeed(task, "1");
  Run();
  EXPECT_EQ(beater_->NextDue(), INT64_MAX);
}

TEST_F(BeaterTest, ATaskThatNoEngineWaitsForIsNeverWatched) {
  const std::vector<Issued> tasks = {
      broker_.Issue({.heartbeat_timeout = kInterval, .target = "states"}),
      broker_.Issue({.heartbeat_timeout = kInterval, .target = "webhook", .upstream_token = "secret-2"}),
      broker_.Issue({.heartbeat_timeout = kInterval, .upstream_token = "secret-3"}),
  };
  for (const Issued& task : tasks) BeatFor(task, 3);
  EXPECT_EQ(Status().watched, 0u);
  EXPECT_TRUE(script_.beats.empty());
  EXPECT_FALSE(beater_->RunOnce());
}

TEST_F(BeaterTest, ATaskThatHasEndedIsSpokenForNoMore) {
  const Issued settled = Issue("secret-1");
  const Issued silent = Issue("secret-2");
  BeatFor(settled, 5);
  EXPECT_TRUE(broker_.Beat(silent).ok());
  broker_.Succeed(settled, "1");
  Run();
  EXPECT_EQ(Status().watched, 1u);
  for (int i = 0; i < 90; ++i) Advance(1s);
  EXPECT_EQ(broker_.Get(silent).state, broker::TaskState::kExpired);
  EXPECT_EQ(Status().watched, 0u);
  EXPECT_EQ(script_.beats.size(), 2u);
}

TEST_F(BeaterTest, ATaskWhoseEngineIsGoneIsCancelledAndItsWorkerToldSo) {
  const Issued task = Issue("secret-1");
  BeatFor(task, 10);
  const auto waiting = broker_.BeginAwait(task);
  script_.beat_rule = [](const std::string&) { return Gone(); };
  BeatFor(task, 20);
  const broker::Beaten beaten = broker_.Beat(task);
  EXPECT_EQ(beaten.reason, Reason::kTaskCancelled);
  EXPECT_EQ(beaten.recorded.cause, "upstream timed out (TaskTimedOut)");
  EXPECT_EQ(beaten.recorded.resolved_by, "broker");
  EXPECT_TRUE(waiting->answered);
  EXPECT_EQ(broker_.Changes().back().task->state, broker::TaskState::kCancelled);
  EXPECT_EQ(Status().watched, 0u);
  broker_.Crash();
  EXPECT_EQ(broker_.Get(task).state, broker::TaskState::kCancelled) << "it is recorded";
}

TEST_F(BeaterTest, AnOutcomeThatIsQuickerThanTheEnginesAnswerCounts) {
  script_.beat_rule = nullptr;
  const Issued task = Issue("secret-1");
  EXPECT_TRUE(broker_.Beat(task).ok());
  Run();
  ASSERT_EQ(script_.beats_under_way.size(), 1u);
  broker_.Succeed(task, "1");
  script_.beats_under_way[0](Gone());
  Run();
  EXPECT_EQ(broker_.Get(task).state, broker::TaskState::kSucceeded);
}

class CrowdedBeaterTest : public BeaterTest {
 protected:
  CrowdedBeaterTest() : BeaterTest({.limits = {.queue_operations = 1}}) {}
};

TEST_F(CrowdedBeaterTest, ACancellationThatFindsNoRoomIsMadeLater) {
  script_.beat_rule = [](const std::string&) { return Gone(); };
  const Issued task = Issue("secret-1");
  EXPECT_TRUE(broker_.Beat(task).ok());
  beater_->RunOnce();  // sends, and is answered
  broker::Call<broker::LocateOperation> in_the_way;
  in_the_way.op.principal = &broker::Anybody();
  broker_.broker().Submit(in_the_way.op);
  beater_->RunOnce();
  beater_->RunOnce();
  EXPECT_EQ(beater_->NextDue(), broker_.now() + 100);
  Run();
  EXPECT_EQ(broker_.Get(task).state, broker::TaskState::kWaiting);
  Advance(100ms);
  EXPECT_EQ(broker_.Get(task).state, broker::TaskState::kCancelled);
}

TEST_F(BeaterTest, AfterARestartWhatWaitsIsWatchedAgain) {
  const Issued before = Issue("secret-1");
  BeatFor(before, 3);
  broker_.TakeCheckpoint();
  const Issued behind = Issue("secret-2");
  const Issued ended = Issue("secret-3");
  broker_.Succeed(ended, "1");
  script_.beats.clear();
  for (const bool orderly : {true, false}) {
    beater_->Stop();
    orderly ? broker_.Restart() : broker_.Crash();
    Open();
    Run();
    EXPECT_EQ(Status().watched, 2u);
    EXPECT_TRUE(script_.beats.empty()) << "nothing is said for workers that may be gone";
    EXPECT_TRUE(broker_.Beat(behind).ok());
    EXPECT_TRUE(broker_.Beat(before).ok());
    Run();
    EXPECT_EQ(script_.beats.size(), 2u);
    script_.beats.clear();
  }
  BeatFor(before, 31);
  EXPECT_EQ(script_.beats, Tokens{"secret-1"});
}

TEST_F(BeaterTest, BeatsKeepWithinTheQuota) {
  script_.beats_available = 2;
  std::vector<Issued> tasks;
  for (int i = 0; i < 5; ++i) tasks.push_back(Issue("secret-" + std::to_string(i)));
  for (const Issued& task : tasks) EXPECT_TRUE(broker_.Beat(task).ok());
  broker_.Run();
  EXPECT_TRUE(beater_->RunOnce());
  EXPECT_EQ(script_.beats.size(), 2u);
  EXPECT_EQ(Status().due, 3u);
  EXPECT_LE(beater_->NextDue(), broker_.now()) << "again with the next round";
  script_.beats_available = 0;
  Run();
  Advance(61s);
  EXPECT_EQ(script_.beats.size(), 2u);
  script_.beats_available = 100;
  Run();
  EXPECT_EQ(Status().due, 0u);
}

TEST_F(BeaterTest, BeatsOverdueAreShown) {
  script_.beats_available = 0;
  const Issued task = Issue("secret-1", 10min);
  EXPECT_TRUE(broker_.Beat(task).ok());
  Run();
  Advance(9min);
  EXPECT_EQ(Status().late, 0u);
  EXPECT_TRUE(broker_.Beat(task).ok());
  Advance(2min);
  EXPECT_EQ(Status().due, 1u);
  EXPECT_EQ(Status().late, 1u);
}

TEST_F(BeaterTest, AnEngineThatIsDownIsProbedOnly) {
  bool down = true;
  script_.beat_rule = [&](const std::string&) { return down ? Down() : Taken(); };
  std::vector<Issued> tasks;
  for (int i = 0; i < 200; ++i) tasks.push_back(Issue("secret-" + std::to_string(i), 10min));
  for (const Issued& task : tasks) EXPECT_TRUE(broker_.Beat(task).ok());
  Run();
  const size_t burst = script_.beats.size();
  for (int i = 0; i < 300; ++i) Advance(1s);
  EXPECT_LE(script_.beats.size() - burst, 70u);
  down = false;
  for (int i = 0; i < 120; ++i) Advance(1s);
  EXPECT_EQ(notes_.answers["200"], 200);
}

TEST_F(BeaterTest, TasksWhoseBeatsAreRefusedHoldUpNoOthers) {
  for (const size_t refused : {1u, 5u, 100u}) {
    SCOPED_TRACE(refused);
    script_.beats.clear();
    script_.beat_rule = [](const std::string& token) { return token[0] == 'r' ? Denied() : Taken(); };
    std::vector<Issued> tasks;
    for (int i = 0; i < 5; ++i) tasks.push_back(Issue("taken-" + std::to_string(i)));
    for (size_t i = 0; i < refused; ++i) tasks.push_back(Issue("refused-" + std::to_string(i)));
    for (int i = 0; i < 10 * 60; ++i) {
      for (const Issued& task : tasks) EXPECT_TRUE(broker_.Beat(task).ok());
      Advance(1s);
    }
    for (int i = 0; i < 5; ++i) {
      const std::string token = "taken-" + std::to_string(i);
      EXPECT_GE(std::count(script_.beats.begin(), script_.beats.end(), token), 20);
    }
    EXPECT_GE(std::count(script_.beats.begin(), script_.beats.end(), "refused-0"), 10 * 60 / 4)
        << "again after a twentieth of the interval";
    for (const Issued& task : tasks) broker_.Succeed(task, "1");
    Run();
  }
}

TEST_F(BeaterTest, ProbesTakeTurns) {
  bool down = true;
  script_.beat_rule = [&](const std::string& token) { return down || token[0] == 'r' ? Down() : Taken(); };
  std::vector<Issued> tasks;
  for (int i = 0; i < 5; ++i) tasks.push_back(Issue("refused-" + std::to_string(i)));
  tasks.push_back(Issue("taken", 10min));
  for (const Issued& task : tasks) EXPECT_TRUE(broker_.Beat(task).ok());
  Run();
  for (int i = 0; i < 30; ++i) Advance(1s);
  down = false;
  for (int i = 0; i < 60; ++i) Advance(1s);
  EXPECT_EQ(notes_.answers["200"], 1) << "although its deadline is the last";
}

TEST_F(BeaterTest, WhoseDeadlineHasPassedIsAProbeToo) {
  bool down = true;
  script_.beat_rule = [&](const std::string& token) { return down || token[0] == 'r' ? Down() : Taken(); };
  std::vector<Issued> tasks;
  for (int i = 0; i < 5; ++i) tasks.push_back(Issue("taken-" + std::to_string(i)));
  for (int i = 0; i < 20; ++i) tasks.push_back(Issue("refused-" + std::to_string(i), 10min));
  const auto seconds = [&](int count) {
    for (int i = 0; i < count; ++i) {
      for (const Issued& task : tasks) EXPECT_TRUE(broker_.Beat(task).ok());
      Advance(1s);
    }
  };
  seconds(5 * 60);
  down = false;
  seconds(60);
  EXPECT_GE(notes_.answers["200"], 5);
}

TEST_F(BeaterTest, WarnsWhereNobodyListensAndWhereNobodyBeats) {
  const Issued unheard = Issue("secret-1", 0ms);
  const Issued silent = Issue("secret-2");
  BeatFor(unheard, 40);
  EXPECT_TRUE(script_.beats.empty());
  ASSERT_EQ(notes_.misplaced.size(), 2u);
  EXPECT_EQ(notes_.misplaced[0], (std::pair{unheard.id, Warning::kNobodyListens}));
  EXPECT_EQ(notes_.misplaced[1], (std::pair{silent.id, Warning::kNobodyBeats}));
}

TEST_F(BeaterTest, OnItsOwnThreadABeatWakesItAndTheEnginesAnswerTheCommitter) {
  struct Ends : broker::Observer {
    void Resolved(broker::TaskState state, size_t) override { ended.set_value(state); }
    std::promise<broker::TaskState> ended;
  } ends;
  broker_.observer = &ends;
  broker_.Restart();
  Open();
  script_.beat_rule = [](const std::string&) { return Gone(); };
  const Issued task = Issue("secret-1");
  beater_->Start();
  broker_.broker().Start();
  broker::Call<broker::HeartbeatOperation> beat;
  beat.op.principal = &broker::Anybody();
  beat.op.address = broker_.broker().AddressOfId(task.id);
  EXPECT_TRUE(broker_.broker().TryNow(beat.op));
  EXPECT_EQ(ends.ended.get_future().get(), broker::TaskState::kCancelled);
  beater_->Stop();
  broker_.broker().StopCommitter();
  EXPECT_EQ(script_.beats, Tokens{"secret-1"});
}

}  // namespace
}  // namespace tokenbroker::forward
