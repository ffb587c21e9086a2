#include "server/intake/task_mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/intake/redact.h"

namespace tokenbroker::intake {
namespace {

using testing::HasSubstr;

constexpr char kMessage[] =
    R"({"TaskToken":"AQC-1","n":7,"order":{"id":"o-1","items":[{"sku":"x"}]},"beat":90,"left":"10m","no":null})";

IntakeTask Task() {
  IntakeTask task;
  task.name_space = "orders";
  task.token = "$.TaskToken";
  return task;
}

pb::IssueTaskRequest Filled(const IntakeTask& task, std::string_view message = kMessage) {
  pb::IssueTaskRequest request;
  const broker::Refusal refusal = TaskMapping::Make(task, "$")->Fill(message, std::nullopt, request);
  EXPECT_FALSE(refusal) << refusal.message;
  return request;
}

std::string Refusal(const IntakeTask& task, std::string_view message = kMessage) {
  pb::IssueTaskRequest request;
  return TaskMapping::Make(task, "$")->Fill(message, std::nullopt, request).message;
}

TEST(TaskMapping, TakesEachFieldFromItsPathOrAsItStands) {
  IntakeTask task = Task();
  task.target = "sfn";
  task.key = "$.order.id";
  task.attempt = "$.n";
  task.input = "$.order";
  task.summary = "An order";
  task.timeout = "$.left";
  task.heartbeat_timeout = "$.beat";
  task.labels = {{"sku", "$.order.items[0].sku"}, {"n", "$.n"}, {"team", "loans"}, {"gone", "$.gone?"}};
  const pb::IssueTaskRequest request = Filled(task);
  EXPECT_EQ(request.namespace_(), "orders");
  EXPECT_EQ(request.target(), "sfn");
  EXPECT_EQ(request.upstream_token(), "AQC-1");
  EXPECT_EQ(request.correlation_key(), "o-1");
  EXPECT_EQ(request.attempt(), 7u);
  EXPECT_EQ(request.input(), R"({"id":"o-1","items":[{"sku":"x"}]})");
  EXPECT_EQ(request.summary(), "An order");
  EXPECT_EQ(request.timeout().seconds(), 600);
  EXPECT_EQ(request.heartbeat_timeout().seconds(), 90);
  EXPECT_EQ(request.labels().size(), 3u);
  EXPECT_EQ(request.labels().at("sku"), "x");
  EXPECT_EQ(request.labels().at("n"), "7");
  EXPECT_EQ(request.labels().at("team"), "loans");
}

TEST(TaskMapping, TheRequestIdIsThatOfTheToken) {
  const pb::IssueTaskRequest request = Filled(Task());
  EXPECT_THAT(request.request_id(), testing::StartsWith("intake:"));
  EXPECT_LE(request.request_id().size(), 128u);
  EXPECT_EQ(request.request_id(), Filled(Task(), R"({"TaskToken":"\u0041QC-1"})").request_id());
  EXPECT_NE(request.request_id(), Filled(Task(), R"({"TaskToken":"AQC-2"})").request_id());
}

TEST(TaskMapping, TheInputDoesNotTellTheToken) {
  EXPECT_THAT(Filled(Task()).input(), HasSubstr(R"({"TaskToken":"[task token]","n":7,)"));
  const std::string input = Filled(Task(), R"({"TaskToken":"A\/B","url":"https:\/\/x?t=A/B","n":[1e400]})").input();
  EXPECT_EQ(input.find("A/B"), std::string::npos);
  EXPECT_EQ(input.find("A\\/B"), std::string::npos);
  EXPECT_THAT(input, HasSubstr("1e400"));
}

TEST(TaskMapping, ATokenThatCameBesideTheMessageIsTakenFromThere) {
  IntakeTask task = Task();
  task.token = "";
  pb::IssueTaskRequest request;
  EXPECT_FALSE(TaskMapping::Make(task, "$")->Fill(R"({"a":1})", "AQC-9", request));
  EXPECT_EQ(request.upstream_token(), "AQC-9");
  EXPECT_EQ(request.input(), R"({"a":1})");
}

TEST(TaskMapping, NamesTheFieldThePathAndTheRule) {
  const auto with = [](auto field, const char* path) {
    IntakeTask task = Task();
    task.*field = path;
    return Refusal(task);
  };
  EXPECT_EQ(with(&IntakeTask::token, "$.token"), "token ($.token) is not in the message");
  EXPECT_EQ(with(&IntakeTask::token, "$.token?"), "token ($.token?) is not in the message");
  EXPECT_EQ(with(&IntakeTask::token, "$.order"), "token ($.order) must be a string, not an object");
  EXPECT_EQ(with(&IntakeTask::key, "$.order"), "key ($.order) must be a text or a number, not an object");
  EXPECT_EQ(with(&IntakeTask::key, "$.no"), "key ($.no) must not be null");
  EXPECT_EQ(with(&IntakeTask::key, "$.no?"), "");
  EXPECT_EQ(with(&IntakeTask::key, "$.TaskToken"), "key ($.TaskToken) must not hold the task token");
  EXPECT_EQ(with(&IntakeTask::summary, "$.TaskToken"), "summary ($.TaskToken) must not hold the task token");
  EXPECT_EQ(with(&IntakeTask::input, "$.gone"), "input ($.gone) is not in the message");
  EXPECT_EQ(with(&IntakeTask::attempt, "$.left"), "attempt ($.left) must be a whole number, 0 to 65535");
  EXPECT_EQ(with(&IntakeTask::timeout, "$.order"),
            "timeout ($.order) must be a number of seconds, or a duration such as \"10m\"");
  EXPECT_EQ(with(&IntakeTask::heartbeat_timeout, "$.gone"), "heartbeat_timeout ($.gone) is not in the message");
  EXPECT_THAT(Refusal(Task(), "{"), HasSubstr("message must be JSON: "));
  EXPECT_EQ(Refusal(Task(), R"({"TaskToken":""})"), "token ($.TaskToken) must not be empty");
  EXPECT_EQ(Refusal(Task(), "[]"), "token ($.TaskToken) is not in the message");
  EXPECT_THAT(Refusal(Task(), ""), HasSubstr("message must be JSON"));
}

TEST(TaskMapping, AFractionOfASecondIsRoundedUp) {
  IntakeTask task = Task();
  task.timeout = "$.t";
  EXPECT_EQ(Filled(task, R"({"TaskToken":"a","t":1.0001})").timeout().nanos(), 1'000'000);
  EXPECT_THAT(Refusal(task, R"({"TaskToken":"a","t":-1})"), HasSubstr("must be a number of seconds"));
  EXPECT_THAT(Refusal(task, R"({"TaskToken":"a","t":1e300})"), HasSubstr("must be a number of seconds"));
}

TEST(WithoutToken, ReplacesItInStringsAndNamesAlone) {
  EXPECT_EQ(WithoutToken(R"({"1":"x","a":1,"b":["1"]})", "1"), R"({"[task token]":"x","a":1,"b":["[task token]"]})");
  EXPECT_EQ(WithoutToken(R"("say \"T\"")", "T"), R"("say \"[task token]\"")");
  EXPECT_EQ(WithoutToken(R"("\u0041Q")", "AQ"), R"("[task token]")");
  EXPECT_EQ(WithoutToken("7", "7"), "7");
}

}  // namespace
}  // namespace tokenbroker::intake
