// Whole visits: what people and programs get, and what the broker holds afterwards.
#include "server/pages/callback_door.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/pages/door_harness.h"

namespace tokenbroker::pages {
namespace {

using namespace std::chrono_literals;
using broker::Millis;
using broker::TaskState;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class CallbackDoorTest : public testing::Test {
 protected:
  Issued Approval() {
    return door_.broker.Issue(
        {.summary = "Approve order 17", .labels = {{"customer", "ACME"}}, .input = R"({"total":12})"});
  }
  TaskState StateOf(const Issued& task) { return door_.broker.Get(task).state; }

  DoorHarness door_;
};

// --- Programs ---

TEST_F(CallbackDoorTest, AProgramSucceedsWithJsonByteForByte) {
  const Issued task = Approval();
  const Answer answer = door_.Post(task.token, Action::kSucceed, "application/json", R"({ "ok" : true })");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"verdict":"VERDICT_ACCEPTED","taskId":")" + task.id + "\"}");
  EXPECT_EQ(door_.broker.Get(task).output, R"({ "ok" : true })");
  EXPECT_EQ(door_.broker.Get(task).resolved_by, "token");
}

TEST_F(CallbackDoorTest, TheSameAgainIsReplayedAndAnotherOutcomeRefused) {
  const Issued task = Approval();
  door_.Post(task.token, Action::kSucceed, "application/json", "1");
  EXPECT_THAT(door_.Post(task.token, Action::kSucceed, "application/json", "1").body, HasSubstr("VERDICT_REPLAYED"));
  const Answer other = door_.Post(task.token, Action::kFail, "text/plain", "changed my mind");
  EXPECT_EQ(other.status, 400);
  EXPECT_THAT(other.body, HasSubstr(R"("reason":"TASK_ALREADY_RESOLVED")"));
  EXPECT_THAT(other.body, HasSubstr(R"("state":"TASK_STATE_SUCCEEDED")"));
}

TEST_F(CallbackDoorTest, AProgramFailsWithErrorAndCause) {
  const Issued task = Approval();
  door_.Post(task.token, Action::kFail, "application/json", R"({"error":"NoStock","cause":"sold out"})");
  EXPECT_EQ(door_.broker.Get(task).error, "NoStock");
  EXPECT_EQ(door_.broker.Get(task).cause, "sold out");
}

TEST_F(CallbackDoorTest, AUrlForOneErrorSaysWhichByItself) {
  const Issued task = Approval();
  door_.Post(Limited(task, {*token::OnlyErrors({"Rejected"})}), Action::kFail, "text/plain", "too dear");
  EXPECT_EQ(door_.broker.Get(task).error, "Rejected");
  EXPECT_EQ(door_.broker.Get(task).cause, "too dear");
}

TEST_F(CallbackDoorTest, AProgramBeatsWithProgress) {
  const Issued task = door_.broker.Issue({.heartbeat_timeout = 60s});
  const Answer answer = door_.Post(task.token, Action::kHeartbeat, "application/json", R"({"done":3})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("nextDue"));
  EXPECT_EQ(door_.broker.Get(task).progress, R"({"done":3})");
  EXPECT_EQ(door_.Post(task.token, Action::kHeartbeat).status, 200);
}

TEST_F(CallbackDoorTest, WhatALimitForbidsIsRefusedByName) {
  const Issued task = Approval();
  const Answer answer = door_.Post(Limited(task, {token::OnlyActions(token::kHeartbeat)}), Action::kSucceed);
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.body, HasSubstr("the token is limited to: heartbeat"));
  EXPECT_EQ(StateOf(task), TaskState::kWaiting);
}

TEST_F(CallbackDoorTest, BadBodiesAreRefusedAndChangeNothing) {
  const Issued task = Approval();
  EXPECT_EQ(door_.Post(task.token, Action::kSucceed, "application/json", "{oops").status, 400);
  EXPECT_EQ(door_.Post(task.token, Action::kSucceed, "multipart/form-data; boundary=x", "--x").status, 415);
  EXPECT_EQ(door_.Post(task.token, Action::kFail, "application/json", R"({"error":1})").status, 400);
  EXPECT_EQ(door_.Post(task.token, Action::kFail, "application/json", R"({"reason":"x"})").status, 400);
  EXPECT_EQ(door_.Post(task.token, Action::kSucceed, "text/plain", "\xff").status, 400);
  EXPECT_EQ(door_.Post(task.token, Action::kPage).status, 405);
  EXPECT_EQ(StateOf(task), TaskState::kWaiting);
}

TEST_F(CallbackDoorTest, UnknownTokensAreNotFound) {
  for (const std::string& token : {std::string("x"), std::string(40, 'T'), "T1" + std::string(38, 'x'),
                                   std::string(3000, 'x'), Limited(Approval(), {"A2"}) + "x"}) {
    const int status = token.size() > 2048 ? 400 : 404;
    EXPECT_EQ(door_.Post(token, Action::kSucceed).status, status);
    EXPECT_EQ(door_.Look(token).status, status);
    EXPECT_EQ(door_.Visit(token).status, status);
    EXPECT_THAT(door_.Visit(token).body, StartsWith("<!doctype html>"));
  }
}

TEST_F(CallbackDoorTest, ALookSaysInJsonWhatThePageShows) {
  const Issued task = Approval();
  const Answer answer = door_.Look(Limited(task, {"A6", "E18Rejected"}));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "application/json");
  EXPECT_THAT(answer.body, HasSubstr(R"("summary":"Approve order 17")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("allowed":["succeed","fail"],"errors":["Rejected"])"));
  EXPECT_THAT(answer.body, Not(HasSubstr("input")));
  EXPECT_THAT(answer.body, Not(HasSubstr("orders"))) << "the namespace";
}

// --- People ---

TEST_F(CallbackDoorTest, LookingChangesNothingAndShowsAButtonForEachOutcome) {
  const Issued task = Approval();
  for (const Action action : {Action::kPage, Action::kSucceed, Action::kFail, Action::kHeartbeat}) {
    const Answer page = door_.Visit(task.token, action);
    EXPECT_EQ(page.status, 200);
    EXPECT_THAT(page.body, HasSubstr("<h1>Approve order 17</h1>"));
    EXPECT_THAT(page.body, HasSubstr("ACME"));
    EXPECT_THAT(page.body, HasSubstr(">Approve</button>"));
    EXPECT_THAT(page.body, HasSubstr(">Decline</button>"));
    EXPECT_THAT(page.body, Not(HasSubstr("Still at work"))) << "the task need not beat";
    EXPECT_EQ(StateOf(task), TaskState::kWaiting);
  }
}

TEST_F(CallbackDoorTest, FormsLeadToTheirActionsFromEveryPage) {
  const Issued task = Approval();
  EXPECT_THAT(door_.Visit(task.token).body, HasSubstr("action=\"" + task.token + "/succeed\""));
  EXPECT_THAT(door_.Visit(task.token, Action::kFail).body, HasSubstr("action=\"succeed\""));
}

TEST_F(CallbackDoorTest, AButtonIsRecordedOnceHoweverOftenItIsPressed) {
  const Issued task = Approval();
  for (int press = 0; press < 2; ++press) {
    const Answer pressed = door_.Press(task.token, Action::kSucceed);
    EXPECT_EQ(pressed.status, 303);
    EXPECT_EQ(HeaderOf(pressed, "Location"), "../" + task.token);
  }
  const Answer page = door_.Visit(task.token);
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr("Approved"));
  EXPECT_THAT(page.body, HasSubstr("whoever held the link"));
  EXPECT_THAT(page.body, HasSubstr("15 Jan 2027, 08:00 UTC"));
  EXPECT_THAT(page.body, Not(HasSubstr("<form")));
}

TEST_F(CallbackDoorTest, TheOtherButtonAfterwardsShowsWhatIsRecorded) {
  const Issued task = Approval();
  door_.Press(task.token, Action::kSucceed);
  const Answer page = door_.Press(task.token, Action::kFail, "error=Declined&cause=no");
  EXPECT_EQ(page.status, 409);
  EXPECT_THAT(page.body, HasSubstr("another outcome is recorded"));
  EXPECT_THAT(page.body, HasSubstr("pill succeeded"));
}

TEST_F(CallbackDoorTest, ADeclineCarriesItsReason) {
  const Issued task = Approval();
  EXPECT_EQ(door_.Press(task.token, Action::kFail, "cause=too+dear%0D%0A%3Cb%3E&error=Declined").status, 303);
  EXPECT_EQ(door_.broker.Get(task).error, "Declined");
  EXPECT_THAT(door_.Visit(task.token).body, HasSubstr("too dear\r\n&lt;b&gt;"));
}

TEST_F(CallbackDoorTest, FieldsComeFromTheOutputSchema) {
  const Issued task = door_.broker.Issue({.output_schema = R"({"type":"object","required":["amount"],"properties":{
      "amount":{"type":"number","title":"Amount","maximum":100},"urgent":{"type":"boolean"},"note":{"type":"string"}}})"});
  EXPECT_THAT(door_.Visit(task.token).body, HasSubstr("Amount"));
  const Answer missing = door_.Press(task.token, Action::kSucceed, "amount=&note=x");
  EXPECT_EQ(missing.status, 400);
  EXPECT_THAT(missing.body, HasSubstr("Amount is required"));
  EXPECT_THAT(missing.body, HasSubstr("value=\"x\"")) << "what was filled in stays";
  const Answer broken = door_.Press(task.token, Action::kSucceed, "amount=101");
  EXPECT_EQ(broken.status, 422);
  EXPECT_THAT(broken.body, HasSubstr("</strong> Amount: "));
  EXPECT_EQ(StateOf(task), TaskState::kWaiting);
  EXPECT_EQ(door_.Press(task.token, Action::kSucceed, "amount=12.50&urgent=true&note=").status, 303);
  EXPECT_EQ(door_.broker.Get(task).output, R"({"amount":12.50,"urgent":true})");
}

TEST_F(CallbackDoorTest, ButtonsFollowTheContractAndTheLimits) {
  const Issued task = door_.broker.Issue({.allowed_errors = {"Rejected", "Late", "Other"}});
  EXPECT_THAT(door_.Visit(task.token).body, HasSubstr("Decline: Late"));
  const std::string one = door_.Visit(Limited(task, {"E28Rejected5Never", "A4"})).body;
  EXPECT_THAT(one, HasSubstr("value=\"Rejected\">Decline</button>"));
  EXPECT_THAT(one, Not(HasSubstr("Approve")));
  EXPECT_THAT(one, Not(HasSubstr("Late")));
  EXPECT_THAT(door_.Visit(Limited(task, {"E15Never"})).body, Not(HasSubstr("Decline")));
  EXPECT_THAT(door_.Visit(Limited(task, {"A8"})).body, HasSubstr("for looking only"));
}

TEST_F(CallbackDoorTest, LabelsNameTheButtonsAndAreNotShown) {
  const Issued task = door_.broker.Issue(
      {.labels = {{"tokenbroker/succeed-button", "Ship <it>"}, {"tokenbroker/fail-button", "Hold back"}}});
  const std::string page = door_.Visit(task.token).body;
  EXPECT_THAT(page, HasSubstr("Ship &lt;it&gt;</button>"));
  EXPECT_THAT(page, HasSubstr("Hold back</button>"));
  EXPECT_THAT(page, Not(HasSubstr("succeed-button")));
}

TEST_F(CallbackDoorTest, InputIsShownOnlyWhereItIsAllowed) {
  const NewTask secret{.input = R"({"total":4711})"};
  NewTask open = secret;
  open.labels = {{"tokenbroker/show-input", "true"}};
  EXPECT_THAT(door_.Visit(door_.broker.Issue(secret).token).body, Not(HasSubstr("4711")));
  const Issued task = door_.broker.Issue(open);
  EXPECT_THAT(door_.Visit(task.token).body, HasSubstr("4711"));
  EXPECT_THAT(door_.Visit(Limited(task, {"A2"})).body, Not(HasSubstr("4711"))) << "such a token cannot read";
  EXPECT_THAT(door_.Visit(Limited(task, {"AA"})).body, HasSubstr("4711"));
  DoorHarness everywhere({.input_namespaces = {"orders"}});
  EXPECT_THAT(everywhere.Visit(everywhere.broker.Issue(secret).token).body, HasSubstr("4711"));
}

TEST_F(CallbackDoorTest, EndedTasksAreShownAsGone) {
  const Issued expired = door_.broker.Issue({.timeout = 1min, .summary = "Too late"});
  const Issued cancelled = Approval();
  door_.broker.Advance(61s);
  door_.broker.Cancel(cancelled, "withdrawn");
  EXPECT_EQ(door_.Visit(expired.token).status, 410);
  EXPECT_THAT(door_.Visit(expired.token).body, HasSubstr("The time to decide is over"));
  EXPECT_EQ(door_.Visit(cancelled.token).status, 410);
  EXPECT_THAT(door_.Visit(cancelled.token).body, HasSubstr("withdrawn"));
  EXPECT_EQ(door_.Press(cancelled.token, Action::kSucceed).status, 410);
}

TEST_F(CallbackDoorTest, ALinkThatIsOverShowsNothing) {
  const Issued task = Approval();
  const std::string token = Limited(task, {*token::OnlyBefore((door_.broker.now() + 60'000) / 1000)});
  EXPECT_THAT(door_.Visit(token).body, HasSubstr("(in 1 minute)"));
  door_.broker.Advance(61s);
  const Answer page = door_.Visit(token);
  EXPECT_EQ(page.status, 403);
  EXPECT_THAT(page.body, Not(HasSubstr("order 17")));
  EXPECT_EQ(door_.Press(token, Action::kSucceed).status, 403);
  EXPECT_EQ(door_.Look(token).status, 403);
}

TEST_F(CallbackDoorTest, FormsOfOthersAreRefused) {
  const Issued task = Approval();
  const auto send = [&](auto change) {
    Request request = door_.Browser(task.token, Action::kSucceed);
    request.post = true;
    request.content_type = "application/x-www-form-urlencoded";
    change(request);
    const int status = door_.Send(std::move(request)).status;
    EXPECT_EQ(StateOf(task), TaskState::kWaiting);
    return status;
  };
  EXPECT_EQ(send([](Request& r) { r.sec_fetch_site = "cross-site"; }), 403);
  EXPECT_EQ(send([](Request& r) { r.origin = "https://evil.example"; }), 403);
  EXPECT_EQ(send([](Request& r) { r.origin = "null"; }), 403) << "without the proof";
  EXPECT_EQ(send([](Request& r) { r.body = "_form=wrong"; }), 403);
}

TEST_F(CallbackDoorTest, EveryAnswerKeepsItsSecret) {
  const Issued task = Approval();
  for (const Answer& answer : {door_.Visit(task.token), door_.Visit("x"), door_.Look(task.token), door_.Look("x"),
                               door_.Post(task.token, Action::kHeartbeat), door_.Press(task.token, Action::kSucceed)}) {
    EXPECT_EQ(HeaderOf(answer, "Cache-Control"), "no-store");
    EXPECT_EQ(HeaderOf(answer, "Referrer-Policy"), "no-referrer");
    EXPECT_EQ(HeaderOf(answer, "X-Content-Type-Options"), "nosniff");
  }
  const Answer page = door_.Visit(task.token);
  EXPECT_EQ(HeaderOf(page, "X-Frame-Options"), "DENY");
  EXPECT_THAT(HeaderOf(page, "Content-Security-Policy"), StartsWith("default-src 'none'; style-src 'sha256-"));
  EXPECT_THAT(page.body, Not(HasSubstr("<script")));
  EXPECT_THAT(page.body, Not(HasSubstr("http"))) << "nothing from elsewhere";
}

}  // namespace
}  // namespace tokenbroker::pages
