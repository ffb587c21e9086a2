// Every door gives the same verdict for the same fact, through the same rules: a table of facts, a table of doors
// (facts_fixture.h), and each fact told through each door. Another door is another column in Doors().
#include <gmock/gmock.h>

#include <functional>
#include <map>

#include "tests/web/facts_fixture.h"
#include "token/limited_token.h"
#include "token/limits.h"

namespace tokenbroker::web {
namespace {

constexpr char kOver[] = "TaskTimedOut";
constexpr char kBadToken[] = "InvalidToken";
constexpr char kBadOutput[] = "InvalidOutput";
constexpr char kBadMember[] = "ValidationException";

// Whoever asks by key asks for the newest attempt; a token may be wrong where an id cannot.
using Ways = std::vector<Address>;
const Ways kAnyWay = {Address::kToken, Address::kId, Address::kKey};
const Ways kNotByKey = {Address::kToken, Address::kId};
const Ways kByToken = {Address::kToken};
const Ways kByKey = {Address::kKey};

// A row: a task that has come so far, what is said of it, the verdict, what is recorded then, and how many records that
// adds to the log.
struct Fact {
  std::string name;
  std::function<Subject()> before;
  Saying saying;
  std::string verdict;
  std::string aws_error;
  std::string recorded;
  int records = 0;
  Ways ways = kAnyWay;
  // Before it is looked what is recorded.
  std::function<void(Subject& subject)> after = nullptr;
};

class FactsTest : public FactsFixture {
 protected:
  std::vector<Fact> Facts();

  // --- How far a task can have come ---

  Subject Open() { return Make(); }
  Subject Succeeded(const std::string& output) { return After(Success(output)); }
  Subject Failed(const std::string& cause) { return After(Failure("Broken", cause)); }
  Subject After(const Saying& saying) {
    const Subject subject = Make();
    EXPECT_EQ(TellGrpc(ByToken(subject.token), saying).verdict, "ACCEPTED");
    return subject;
  }
  Subject Contracted() {
    return Make([](pb::IssueTaskRequest& request) {
      request.mutable_contract()->set_output_schema(R"({"type": "object"})");
      request.mutable_contract()->add_allowed_errors("Declined");
    });
  }
  Subject Expired() {
    const Subject subject = Make([](pb::IssueTaskRequest& request) { request.mutable_timeout()->set_seconds(60); });
    clock_.Advance(61'000);
    IssueWithKey("wakes-" + subject.key);
    EXPECT_TRUE(Eventually([&] { return Look(subject.id).state() == pb::TASK_STATE_EXPIRED; }));
    return subject;
  }
  Subject Cancelled() {
    const Subject subject = Make();
    EXPECT_EQ(Post("/v1/tasks/" + subject.id + ":cancel", Json::object()).status, 200);
    return subject;
  }
  Subject Superseded() {
    const Subject subject = Make([](pb::IssueTaskRequest& request) { request.set_attempt(1); });
    Make([&](pb::IssueTaskRequest& request) {
      request.set_attempt(2);
      request.set_correlation_key(subject.key);
    });
    return subject;
  }
  Subject Upstream() {
    Subject subject =
        Make([](pb::IssueTaskRequest& request) { request.set_upstream_token("AQCE-" + request.correlation_key()); });
    subject.token = "AQCE-" + subject.key;
    return subject;
  }
  Subject Forged() {
    Subject subject = Make();
    subject.token.back() = subject.token.back() == '0' ? '1' : '0';
    return subject;
  }
  // Its token may only beat.
  Subject Limited() {
    Subject subject = Make();
    subject.token = *token::Limit(subject.token, {token::OnlyActions(token::kHeartbeat)});
    return subject;
  }
  Subject NotYetIssued() { return {.key = "early-" + std::to_string(++early_)}; }
  void IssueIt(Subject& subject) { subject.id = IssueWithKey(subject.key).task_id(); }

  // --- What has become of it ---

  std::string Recorded(const Subject& subject) { return subject.id.empty() ? "" : Recorded(Look(subject.id)); }
  static std::string Recorded(const pb::Task& task) {
    const std::string state = pb::TaskState_Name(task.state()).substr(11);
    const auto& outcome = task.outcome();
    if (task.state() == pb::TASK_STATE_SUCCEEDED) return state + " " + outcome.output();
    if (task.state() == pb::TASK_STATE_FAILED) return state + " " + outcome.error() + ": " + outcome.cause();
    return state;
  }
  uint64_t Records() { return broker_->GetStatus().last_sequence; }

  // The one line, without what differs by nature: the time, the task, the door, and how the caller is known.
  std::string Line(const DoorColumn& door, const Subject& subject);
  void Check(const Fact& fact, const DoorColumn& door);

  int early_ = 0;
  // Of the fact that is checked: the line of the first door.
  std::string line_;
};

std::vector<Fact> FactsTest::Facts() {
  const auto open = [this] { return Open(); };
  const auto settled = [this] { return Succeeded("[1]"); };
  const auto failed = [this] { return Failed("why"); };
  const auto contracted = [this] { return Contracted(); };
  const auto expired = [this] { return Expired(); };
  const auto cancelled = [this] { return Cancelled(); };
  const auto superseded = [this] { return Superseded(); };
  const auto upstream = [this] { return Upstream(); };
  const auto forged = [this] { return Forged(); };
  const auto limited = [this] { return Limited(); };
  const auto early = [this] { return NotYetIssued(); };
  const auto issue_it = [this](Subject& subject) { IssueIt(subject); };
  const auto foreign = [] { return Subject{.token = "AQCEAAAAKgAAAAMAAAAAnobody"}; };
  const std::string large = "\"" + std::string(300'000, 'x') + "\"";
  const Saying why = Failure("Broken", "why");
  return {
      {"a first success", open, Success("[1]"), "ACCEPTED", "", "SUCCEEDED [1]", 1},
      {"a first failure", open, why, "ACCEPTED", "", "FAILED Broken: why", 1},
      {"a success by another engine's token", upstream, Success("[1]"), "ACCEPTED", "", "SUCCEEDED [1]", 1, kByToken},
      {"the same success again", settled, Success("[1]"), "REPLAYED", "", "SUCCEEDED [1]"},
      {"another success", settled, Success("[2]"), "TASK_ALREADY_RESOLVED", kOver, "SUCCEEDED [1]"},
      {"a failure after a success", settled, why, "TASK_ALREADY_RESOLVED", kOver, "SUCCEEDED [1]"},
      {"the same failure again", failed, why, "REPLAYED", "", "FAILED Broken: why"},
      {"another failure", failed, Failure("Broken", "x"), "TASK_ALREADY_RESOLVED", kOver, "FAILED Broken: why"},
      {"a success after a failure", failed, Success("[1]"), "TASK_ALREADY_RESOLVED", kOver, "FAILED Broken: why"},
      {"a success too late", expired, Success("[1]"), "TASK_EXPIRED", kOver, "EXPIRED"},
      {"a failure too late", expired, why, "TASK_EXPIRED", kOver, "EXPIRED"},
      {"a success after cancelling", cancelled, Success("[1]"), "TASK_CANCELLED", kOver, "CANCELLED"},
      {"a failure after cancelling", cancelled, why, "TASK_CANCELLED", kOver, "CANCELLED"},
      {"a success of an older attempt", superseded, Success("[1]"), "TASK_SUPERSEDED", kOver, "SUPERSEDED", 0,
       kNotByKey},
      {"an early success", early, Success("[1]"), "PARKED", "", "SUCCEEDED [1]", 1, kByKey, issue_it},
      {"an early failure", early, why, "PARKED", "", "FAILED Broken: why", 1, kByKey, issue_it},
      {"a success with a forged token", forged, Success("[1]"), "TASK_UNKNOWN", kBadToken, "WAITING", 0, kByToken},
      {"a success with nobody's token", foreign, Success("[1]"), "TASK_UNKNOWN", kBadToken, "", 0, kByToken},
      {"no JSON", open, Success("nonsense"), "INVALID_FIELD", kBadOutput, "WAITING"},
      {"no output", open, Success(""), "INVALID_FIELD", kBadOutput, "WAITING"},
      {"too large an output", open, Success(large), "INVALID_FIELD", kBadMember, "WAITING"},
      {"an output that breaks the contract", contracted, Success("[1]"), "CONTRACT_VIOLATION", kBadOutput, "WAITING"},
      {"an error that breaks the contract", contracted, why, "CONTRACT_VIOLATION", kBadMember, "WAITING"},
      {"an error that the contract allows", contracted, Failure("Declined", ""), "ACCEPTED", "",
       "FAILED Declined: ", 1},
      {"a success that the token is not for", limited, Success("[1]"), "PERMISSION_DENIED", "AccessDeniedException",
       "WAITING", 0, kByToken},
      {"a failure that the token is not for", limited, why, "PERMISSION_DENIED", "AccessDeniedException", "WAITING", 0,
       kByToken},
      {"a beat", open, Beat(), "BEATEN", "", "WAITING"},
      {"a beat that the token is for", limited, Beat(), "BEATEN", "", "WAITING", 0, kByToken},
      {"a beat after the end", settled, Beat(), "TASK_ALREADY_RESOLVED", kOver, "SUCCEEDED [1]"},
      {"a beat too late", expired, Beat(), "TASK_EXPIRED", kOver, "EXPIRED"},
      {"a beat after cancelling", cancelled, Beat(), "TASK_CANCELLED", kOver, "CANCELLED"},
      {"a beat of an older attempt", superseded, Beat(), "TASK_SUPERSEDED", kOver, "SUPERSEDED", 0, kNotByKey},
      {"a beat with a forged token", forged, Beat(), "TASK_UNKNOWN", kBadToken, "WAITING", 0, kByToken},
  };
}

std::string FactsTest::Line(const DoorColumn& door, const Subject& subject) {
  std::vector<Json> lines = TakeLines();
  if (lines.size() != 1) return std::to_string(lines.size()) + " lines";
  Json& line = lines.front();
  EXPECT_EQ(line["door"], door.kind);
  EXPECT_THAT(line.dump(), testing::Not(testing::HasSubstr(subject.token.empty() ? "?" : subject.token)));
  if (!subject.id.empty() && line["task_id"] == subject.id) line["task_id"] = "(its id)";
  line.erase("ts");
  line.erase("door");
  line.erase("caller");
  return line.dump();
}

void FactsTest::Check(const Fact& fact, const DoorColumn& door) {
  SCOPED_TRACE(fact.name + ", " + door.name);
  Subject subject = fact.before();
  const uint64_t before = Records();
  TakeLines();
  const Told told = door.tell(subject, fact.saying);
  if (told.verdict.empty()) return;
  EXPECT_EQ(told.verdict, fact.verdict);
  EXPECT_EQ(told.error, door.kind == "aws" ? fact.aws_error : "");
  const std::string line = Line(door, subject);
  if (line_.empty()) line_ = line;
  EXPECT_EQ(line, line_);
  EXPECT_EQ(Records() - before, static_cast<uint64_t>(fact.records));
  if (fact.after) fact.after(subject);
  EXPECT_EQ(Recorded(subject), fact.recorded);
}

TEST_F(FactsTest, OneFactHasOneVerdictOneRecordAndOneLineThroughEveryDoor) {
  for (const Fact& fact : Facts()) {
    line_.clear();
    for (const DoorColumn& door : Doors()) {
      if (std::count(fact.ways.begin(), fact.ways.end(), door.address) > 0) Check(fact, door);
    }
    const Json line = Json::parse(line_, nullptr, false);
    EXPECT_TRUE(line.is_object()) << fact.name << ": " << line_;
  }
}

// The verdict does not depend on which door was there first.
TEST_F(FactsTest, WhatOneDoorHasRecordedEveryOtherRepeats) {
  for (const DoorColumn& first : Doors()) {
    const Subject subject = Make();
    ASSERT_EQ(first.tell(subject, Success("{\"a\": 1}")).verdict, "ACCEPTED") << first.name;
    const pb::Task recorded = Look(subject.id);
    EXPECT_EQ(recorded.outcome().resolved_by(), "anonymous");
    for (const DoorColumn& second : Doors()) {
      SCOPED_TRACE(first.name + ", then " + second.name);
      EXPECT_EQ(second.tell(subject, Success("{\"a\": 1}")).verdict, "REPLAYED");
      EXPECT_EQ(second.tell(subject, Success("{\"a\": 2}")).verdict, "TASK_ALREADY_RESOLVED");
    }
    EXPECT_EQ(Look(subject.id).SerializeAsString(), recorded.SerializeAsString());
  }
}

TEST_F(FactsTest, VerdictsAreCountedByDoor) {
  for (const DoorColumn& door : Doors()) door.tell(Make(), Success("1"));
  const std::string text = registry_.Render(Exposition::kPrometheus);
  for (const char* count : {"grpc\"} 3", "rest\"} 6", "aws\"} 1", "callback\"} 1"}) {
    EXPECT_THAT(text, testing::HasSubstr("tokenbroker_settle_verdicts_total{verdict=\"accepted\",door=\"" +
                                         std::string(count) + "\n"));
  }
}

}  // namespace
}  // namespace tokenbroker::web
