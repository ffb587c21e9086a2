// Every door gives the same verdict for the same fact, through the same rules: a table of facts, a table of doors, and
// each fact told through each door. Another door is another column in Doors().
#include <gmock/gmock.h>

#include <functional>

#include "tests/web/web_fixture.h"

namespace tokenbroker::web {
namespace {

enum class Verb { kSucceed, kFail, kHeartbeat };

// What somebody says of a task.
struct Saying {
  Verb verb = Verb::kSucceed;
  std::string output;
  std::string error;
  std::string cause;
};

Saying Success(const std::string& output) { return {.output = output}; }
Saying Failure(const std::string& error, const std::string& cause) {
  return {.verb = Verb::kFail, .error = error, .cause = cause};
}
Saying Beat() { return {.verb = Verb::kHeartbeat}; }

struct Subject {
  std::string token, id, key;
};

class FactsTest : public WebFixture {
 protected:
  enum class Address { kToken, kId, kKey };

  // A column. `tell` says "ACCEPTED", "REPLAYED", "BEATEN", or the reason of a refusal; empty if the door has no such
  // verb.
  struct DoorColumn {
    std::string name;
    Address address;
    std::function<std::string(const Subject& subject, const Saying& saying)> tell;
  };

  // A row: a task that has come so far, what is said of it, the verdict, and what is recorded then. `records`: how many
  // the saying adds to the log.
  struct Fact {
    std::string name;
    std::function<void(Subject& subject)> before;
    Saying saying;
    std::string verdict;
    std::string recorded;
    int records = 0;
    // Who asks by key asks for the newest attempt, or leaves an outcome for one that is to come.
    bool by_key = true;
  };

  std::vector<DoorColumn> Doors();
  std::vector<Fact> Facts();

  // --- Doors ---

  std::string TellGrpc(const pb::TaskRef& task, const Saying& saying);
  std::string TellRest(const std::string& path, const Json& task, const Saying& saying);
  std::string TellBatch(const Json& task, const Saying& saying);
  std::string TellLines(const Json& task, const Saying& saying);

  static Json BodyOf(const Saying& saying);
  static Json ItemOf(const Json& task, const Saying& saying);
  static std::string VerdictOf(const Json& result);

  // --- Tasks ---

  // `more` is added to what is asked for.
  void Make(Subject& subject, const std::function<void(pb::IssueTaskRequest&)>& more = {});
  void Settled(const Subject& subject, const std::string& output) {
    EXPECT_TRUE(Succeed(ByToken(subject.token), output).ok());
  }
  std::string Recorded(const Subject& subject);
  uint64_t Records() { return broker_->GetStatus().last_sequence; }

  int made_ = 0;
};

// --- The doors ---

std::vector<FactsTest::DoorColumn> FactsTest::Doors() {
  const auto token = [](const Subject& subject) { return Json{{"token", subject.token}}; };
  return {
      {"grpc by token", Address::kToken,
       [=, this](const Subject& s, const Saying& what) { return TellGrpc(ByToken(s.token), what); }},
      {"grpc by id", Address::kId,
       [=, this](const Subject& s, const Saying& what) { return TellGrpc(ById(s.id), what); }},
      {"grpc by key", Address::kKey,
       [=, this](const Subject& s, const Saying& what) { return TellGrpc(ByKey("demo", s.key), what); }},
      {"rest by token", Address::kToken,
       [=, this](const Subject& s, const Saying& what) { return TellRest("/v1/tokens/" + s.token, {}, what); }},
      {"rest by id", Address::kId,
       [=, this](const Subject& s, const Saying& what) { return TellRest("/v1/tasks/" + s.id, {}, what); }},
      {"rest by key", Address::kKey,
       [=, this](const Subject& s, const Saying& what) {
         return TellRest("/v1/namespaces/demo/keys/" + s.key, {}, what);
       }},
      {"rest by body", Address::kToken,
       [=, this](const Subject& s, const Saying& what) { return TellRest("/v1/tasks", token(s), what); }},
      {"rest batch", Address::kToken,
       [=, this](const Subject& s, const Saying& what) { return TellBatch(token(s), what); }},
      {"rest lines", Address::kToken,
       [=, this](const Subject& s, const Saying& what) { return TellLines(token(s), what); }},
  };
}

std::string FactsTest::TellGrpc(const pb::TaskRef& task, const Saying& saying) {
  const auto verdict = [](const grpc::Status& status, pb::Verdict verdict) {
    return status.ok() ? pb::Verdict_Name(verdict).substr(8) : ReasonOf(status);
  };
  if (saying.verb == Verb::kSucceed) {
    pb::SucceedResponse response;
    const grpc::Status status = Succeed(task, saying.output, &response);
    return verdict(status, response.verdict());
  }
  if (saying.verb == Verb::kFail) {
    pb::FailRequest request;
    *request.mutable_task() = task;
    request.set_error(saying.error);
    request.set_cause(saying.cause);
    pb::FailResponse response;
    const grpc::Status status = Call(*resolver_, &pb::ResolverService::Stub::Fail, request, &response);
    return verdict(status, response.verdict());
  }
  pb::HeartbeatRequest request;
  *request.mutable_task() = task;
  pb::HeartbeatResponse response;
  const grpc::Status status = Call(*resolver_, &pb::ResolverService::Stub::Heartbeat, request, &response);
  return status.ok() ? "BEATEN" : ReasonOf(status);
}

Json FactsTest::BodyOf(const Saying& saying) {
  if (saying.verb == Verb::kSucceed) return {{"output", saying.output}};
  if (saying.verb == Verb::kFail) return {{"error", saying.error}, {"cause", saying.cause}};
  return Json::object();
}

std::string FactsTest::TellRest(const std::string& path, const Json& task, const Saying& saying) {
  Json body = BodyOf(saying);
  if (!task.is_null()) body["task"] = task;
  const char* const verb = saying.verb == Verb::kSucceed ? ":succeed"
                           : saying.verb == Verb::kFail  ? ":fail"
                                                         : ":heartbeat";
  const Answer answer = Post(path + verb, body);
  if (answer.status != 200) return answer.Reason();
  return saying.verb == Verb::kHeartbeat ? "BEATEN" : answer.body["verdict"].get<std::string>().substr(8);
}

Json FactsTest::ItemOf(const Json& task, const Saying& saying) {
  Json item = BodyOf(saying);
  item["task"] = task;
  return {{saying.verb == Verb::kSucceed ? "succeed" : "fail", item}};
}

// Of an item of a batch; refusals have their reason in the error.
std::string FactsTest::VerdictOf(const Json& result) {
  if (!result.contains("error")) return result.value("verdict", "VERDICT_?").substr(8);
  return result["error"].value("reason", "ERROR_REASON_?").substr(13);
}

std::string FactsTest::TellBatch(const Json& task, const Saying& saying) {
  if (saying.verb == Verb::kHeartbeat) return "";
  return VerdictOf(Post("/v1/settlements:batch", {{"items", {ItemOf(task, saying)}}}).body["items"][0]);
}

std::string FactsTest::TellLines(const Json& task, const Saying& saying) {
  if (saying.verb == Verb::kHeartbeat) return "";
  const Json line = {{"items", {ItemOf(task, saying)}}};
  return VerdictOf(
      PostText("/v1/settlements:stream", line.dump(), {{"Content-Type", "application/x-ndjson"}}).body["items"][0]);
}

// --- The facts ---

std::vector<FactsTest::Fact> FactsTest::Facts() {
  const auto open = [this](Subject& s) { Make(s); };
  const auto settled = [this](Subject& s) {
    Make(s);
    Settled(s, "[1]");
  };
  const auto failed = [this](Subject& s) {
    Make(s);
    EXPECT_EQ(TellGrpc(ByToken(s.token), Failure("Broken", "why")), "ACCEPTED");
  };
  const auto contracted = [this](Subject& s) {
    Make(s, [](pb::IssueTaskRequest& request) {
      request.mutable_contract()->set_output_schema(R"({"type": "object"})");
      request.mutable_contract()->add_allowed_errors("Declined");
    });
  };
  const auto expired = [this](Subject& s) {
    Make(s, [](pb::IssueTaskRequest& request) { request.mutable_timeout()->set_seconds(60); });
    clock_.Advance(61'000);
    IssueWithKey("wakes-" + s.key);
    EXPECT_TRUE(Eventually([&] { return Look(s.id).state() == pb::TASK_STATE_EXPIRED; }));
  };
  const auto cancelled = [this](Subject& s) {
    Make(s);
    EXPECT_EQ(Post("/v1/tasks/" + s.id + ":cancel", Json::object()).status, 200);
  };
  const auto superseded = [this](Subject& s) {
    Make(s, [](pb::IssueTaskRequest& request) { request.set_attempt(1); });
    Subject newer = s;
    Make(newer, [&](pb::IssueTaskRequest& request) {
      request.set_attempt(2);
      request.set_correlation_key(s.key);
    });
  };
  const std::string large = "\"" + std::string(300'000, 'x') + "\"";
  return {
      {"a first success", open, Success("[1]"), "ACCEPTED", "SUCCEEDED [1]", 1},
      {"a first failure", open, Failure("Broken", "why"), "ACCEPTED", "FAILED Broken: why", 1},
      {"the same success again", settled, Success("[1]"), "REPLAYED", "SUCCEEDED [1]", 0},
      {"another success", settled, Success("[2]"), "TASK_ALREADY_RESOLVED", "SUCCEEDED [1]", 0},
      {"a failure after a success", settled, Failure("Broken", "why"), "TASK_ALREADY_RESOLVED", "SUCCEEDED [1]", 0},
      {"the same failure again", failed, Failure("Broken", "why"), "REPLAYED", "FAILED Broken: why", 0},
      {"another failure", failed, Failure("Broken", "why not"), "TASK_ALREADY_RESOLVED", "FAILED Broken: why", 0},
      {"a success too late", expired, Success("[1]"), "TASK_EXPIRED", "EXPIRED", 0},
      {"a success after cancelling", cancelled, Success("[1]"), "TASK_CANCELLED", "CANCELLED", 0},
      {"a success of an older attempt", superseded, Success("[1]"), "TASK_SUPERSEDED", "SUPERSEDED", 0, false},
      {"no JSON", open, Success("nonsense"), "INVALID_FIELD", "WAITING", 0},
      {"no output", open, Success(""), "INVALID_FIELD", "WAITING", 0},
      {"too large an output", open, Success(large), "INVALID_FIELD", "WAITING", 0},
      {"an output that breaks the contract", contracted, Success("[1]"), "CONTRACT_VIOLATION", "WAITING", 0},
      {"an error that breaks the contract", contracted, Failure("Broken", ""), "CONTRACT_VIOLATION", "WAITING", 0},
      {"an error that the contract allows", contracted, Failure("Declined", ""), "ACCEPTED", "FAILED Declined: ", 1},
      {"a beat", open, Beat(), "BEATEN", "WAITING", 0},
      {"a beat after the end", settled, Beat(), "TASK_ALREADY_RESOLVED", "SUCCEEDED [1]", 0},
      {"a beat too late", expired, Beat(), "TASK_EXPIRED", "EXPIRED", 0},
  };
}

void FactsTest::Make(Subject& subject, const std::function<void(pb::IssueTaskRequest&)>& more) {
  pb::IssueTaskRequest request;
  request.set_namespace_("demo");
  request.set_correlation_key("order-" + std::to_string(++made_));
  if (more) more(request);
  const auto issued = Issue(request);
  subject = {issued.token(), issued.task_id(), request.correlation_key()};
}

std::string FactsTest::Recorded(const Subject& subject) {
  const pb::Task task = Look(subject.id);
  const std::string state = pb::TaskState_Name(task.state()).substr(11);
  const auto& outcome = task.outcome();
  if (task.state() == pb::TASK_STATE_SUCCEEDED) return state + " " + outcome.output();
  if (task.state() == pb::TASK_STATE_FAILED) return state + " " + outcome.error() + ": " + outcome.cause();
  return state;
}

TEST_F(FactsTest, OneFactHasOneVerdictAndOneRecordThroughEveryDoor) {
  for (const Fact& fact : Facts()) {
    for (const DoorColumn& door : Doors()) {
      if (door.address == Address::kKey && !fact.by_key) continue;
      SCOPED_TRACE(fact.name + ", " + door.name);
      Subject subject;
      fact.before(subject);
      const uint64_t before = Records();
      const std::string verdict = door.tell(subject, fact.saying);
      if (verdict.empty()) continue;
      EXPECT_EQ(verdict, fact.verdict);
      EXPECT_EQ(Recorded(subject), fact.recorded);
      EXPECT_EQ(Records() - before, static_cast<uint64_t>(fact.records));
    }
  }
}

// The verdict does not depend on which door was there first.
TEST_F(FactsTest, WhatOneDoorHasRecordedEveryOtherRepeats) {
  for (const DoorColumn& first : Doors()) {
    Subject subject;
    Make(subject);
    ASSERT_EQ(first.tell(subject, Success("{\"a\": 1}")), "ACCEPTED") << first.name;
    for (const DoorColumn& second : Doors()) {
      SCOPED_TRACE(first.name + ", then " + second.name);
      EXPECT_EQ(second.tell(subject, Success("{\"a\": 1}")), "REPLAYED");
      EXPECT_EQ(second.tell(subject, Success("{\"a\": 2}")), "TASK_ALREADY_RESOLVED");
    }
    EXPECT_EQ(Recorded(subject), "SUCCEEDED {\"a\": 1}");
  }
}

}  // namespace
}  // namespace tokenbroker::web
