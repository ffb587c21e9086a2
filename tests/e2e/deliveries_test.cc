// What `tokenctl delivery` shows and does, with a kill -9 in between.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "nlohmann/json.hpp"
#include "tests/e2e/forwarding_fixture.h"
#include "tests/testing/child_process.h"

namespace tokenbroker::testing {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class DeliveriesTest : public ForwardingTest {
 protected:
  // "dead-..." are of no use to it, and for "waits-..." it is not ready.
  DeliveriesTest() {
    engine_.Decide([](const targets::SendTask& call) -> std::optional<StepFunctionsStub::Trouble> {
      using targets::Refused;
      if (absl::StrContains(call.token, "/dead-")) return {{Refused("TaskDoesNotExist", 400, "no such task")}};
      if (absl::StrContains(call.token, "/waits-")) return {{Refused("InternalFailure", 500, "not ready")}};
      return std::nullopt;
    });
  }
  // One try, and the next one long after the test.
  void StartPatiently() {
    StartForwarding(engine_.url(), {"--forwarding-backoff-base", "1h", "--forwarding-backoff-max", "1h"});
  }
  void KillAndStart() {
    Kill();
    StartPatiently();
  }

  CommandResult Tokenctl(const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {TOKENCTL_BINARY, "--address", process().address(),
                                        "--namespace",   "e2e",       "delivery"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    command.insert(command.end(), {"-o", "json"});
    return RunCommand(command);
  }
  Json Ask(const std::vector<std::string>& arguments) {
    const CommandResult result = Tokenctl(arguments);
    EXPECT_TRUE(result.ok()) << result.output;
    return Json::parse(result.output, nullptr, /*allow_exceptions=*/false);
  }
  Json Get(const std::string& key) { return Ask({"get", "--key", key}); }
  std::vector<std::string> ListedKeys() {
    std::vector<std::string> keys;
    const Json list = Ask({"list", "--all"});
    for (const Json& delivery : list["deliveries"]) keys.push_back(delivery.value("correlation_key", ""));
    return keys;
  }
  void AwaitAnswer(const std::string& key) {
    Becomes(key, [](const v1::Delivery& delivery) {
      return !delivery.answer_code().empty() &&
             (delivery.state() != v1::DELIVERY_STATE_PENDING || delivery.has_next_attempt_at());
    });
  }

  StepFunctionsStub engine_;
};

TEST_F(DeliveriesTest, StatesAttemptsAndAnswersSurviveAKill) {
  StartPatiently();
  for (const char* key : {"done", "dead-1", "dead-2", "waits-1", "waits-2"}) {
    IssueAndSettle(key);
    AwaitAnswer(key);
  }
  EXPECT_EQ(Ask({"drop", "--key", "waits-2"})["state"], "DROPPED");
  const std::vector<std::string> settled = {"done", "dead-1", "dead-2", "waits-2"};
  std::vector<Json> before;
  for (const std::string& key : settled) before.push_back(Get(key));
  EXPECT_EQ(before[0]["state"], "DELIVERED");
  EXPECT_EQ(before[1]["state"], "DEAD_LETTERED");
  EXPECT_EQ(before[1]["answer_code"], "TaskDoesNotExist");
  EXPECT_THAT(before[1]["answer_message"].get<std::string>(), HasSubstr("no such task"));
  EXPECT_EQ(before[1]["attempts"], 1);
  EXPECT_TRUE(before[1].contains("settled_at"));

  KillAndStart();
  for (size_t i = 0; i < settled.size(); ++i) EXPECT_EQ(Get(settled[i]), before[i]) << settled[i];
  EXPECT_THAT(ListedKeys(), UnorderedElementsAre("dead-1", "dead-2", "waits-1"));
  // What is owed was tried again by the new process, and says so.
  AwaitAnswer("waits-1");
  const Json waits = Get("waits-1");
  EXPECT_EQ(waits["state"], "PENDING");
  EXPECT_EQ(waits["attempts"], 1);
  EXPECT_EQ(waits["answer_code"], "InternalFailure");
  EXPECT_EQ(waits["may_have_arrived"], true);
  EXPECT_TRUE(waits.contains("next_attempt_at"));
  EXPECT_FALSE(waits.contains("settled_at"));
}

TEST_F(DeliveriesTest, DeadLettersAreRedrivenAndTheRestIsGivenUpForGood) {
  StartPatiently();
  for (const char* key : {"dead-1", "dead-2", "waits-1"}) {
    IssueAndSettle(key);
    AwaitAnswer(key);
  }
  KillAndStart();
  AwaitAnswer("waits-1");
  EXPECT_EQ(Ask({"redrive", "--key", "waits-1"})["redriven"], 0) << "it is owed already";
  engine_.Decide(nullptr);
  EXPECT_EQ(Ask({"redrive", "--dead"})["redriven"], 2);
  EXPECT_EQ(Delivered("dead-1").state(), v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(Delivered("dead-2").state(), v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(Ask({"redrive", "--dead"})["redriven"], 0);
  EXPECT_THAT(Tokenctl({"redrive", "--key", "dead-1"}).output, HasSubstr("DELIVERY_SETTLED"));
  EXPECT_EQ(Ask({"drop", "--key", "waits-1"})["state"], "DROPPED");
  EXPECT_THAT(Tokenctl({"drop", "--key", "dead-1"}).output, HasSubstr("DELIVERY_SETTLED"));

  const size_t sends = engine_.sends();
  KillAndStart();
  EXPECT_THAT(ListedKeys(), UnorderedElementsAre());
  EXPECT_EQ(Get("dead-1")["state"], "DELIVERED");
  EXPECT_EQ(Get("waits-1")["state"], "DROPPED");
  // Whatever was settled is not sent again: this one comes after all that would be.
  IssueAndSettle("after");
  EXPECT_EQ(Delivered("after").state(), v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(engine_.sends(), sends + 1);
}

}  // namespace
}  // namespace tokenbroker::testing
