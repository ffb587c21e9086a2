// Whole command lines against a fake broker.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "cli/exit_code.h"
#include "cli/time_text.h"
#include "tests/cli/fake_broker.h"

namespace tokenbroker::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

v1::IssueTaskResponse Issued() {
  v1::IssueTaskResponse issued;
  issued.set_task_id("0123456789abcdef01");
  issued.set_token("tkSECRET");
  issued.mutable_deadline()->set_seconds(1'800'003'600);
  issued.set_state(v1::TASK_STATE_WAITING);
  return issued;
}

class CommandsTest : public ::testing::Test, protected CommandTest {
 protected:
  CommandsTest() {
    broker.issue = [this](const v1::IssueTaskRequest& request, DurationMs) -> absl::StatusOr<v1::IssueTaskResponse> {
      issue_requests_.push_back(request);
      if (issue_requests_.size() <= issue_failures_) return Away();
      return Issued();
    };
    broker.succeed = [this](const v1::SucceedRequest& request, DurationMs) -> absl::StatusOr<v1::SucceedResponse> {
      succeeded_ = request;
      v1::SucceedResponse response;
      response.set_verdict(v1::VERDICT_REPLAYED);
      response.set_task_id("0123456789abcdef01");
      return response;
    };
  }

  std::vector<v1::IssueTaskRequest> issue_requests_;
  size_t issue_failures_ = 0;
  v1::SucceedRequest succeeded_;
};

TEST_F(CommandsTest, IssueSendsWhatItIsGiven) {
  environment["TRACEPARENT"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  ASSERT_EQ(Tokenctl({"issue", "-n",       "orders",    "--key",     "k",   "--timeout", "2h", "--heartbeat",
                      "1m",    "--input",  "{\"a\":1}", "--label",   "x=1", "--label",   "y=", "--allow-error",
                      "E",     "--schema", "{}",        "--attempt", "2"}),
            0)
      << err;
  const auto& request = issue_requests_.at(0);
  EXPECT_EQ(request.namespace_(), "orders");
  EXPECT_EQ(request.correlation_key(), "k");
  EXPECT_EQ(ToMs(request.timeout()), 7'200'000);
  EXPECT_EQ(ToMs(request.heartbeat_timeout()), 60'000);
  EXPECT_EQ(request.input(), "{\"a\":1}");
  EXPECT_EQ(request.labels().at("x"), "1");
  EXPECT_EQ(request.labels().at("y"), "");
  EXPECT_EQ(request.contract().allowed_errors(0), "E");
  EXPECT_EQ(request.contract().output_schema(), "{}");
  EXPECT_EQ(request.attempt(), 2u);
  EXPECT_THAT(request.trace().traceparent(), HasSubstr("0af7651916cd43dd"));
}

TEST_F(CommandsTest, IssueRetriesUnderOneRequestId) {
  issue_failures_ = 2;
  ASSERT_EQ(Tokenctl({"issue"}), 0) << err;
  ASSERT_EQ(issue_requests_.size(), 3u);
  EXPECT_EQ(issue_requests_[0].request_id().size(), 36u);
  EXPECT_EQ(issue_requests_[0].request_id(), issue_requests_[2].request_id());
}

TEST_F(CommandsTest, IssuePrintsInEveryFormat) {
  Tokenctl({"issue", "-o", "token"});
  EXPECT_EQ(out, "tkSECRET\n");
  Tokenctl({"issue", "-o", "id"});
  EXPECT_EQ(out, "0123456789abcdef01\n");
  Tokenctl({"-o", "jsonl", "issue"});
  EXPECT_EQ(
      out,
      R"({"task_id":"0123456789abcdef01","token":"tkSECRET","deadline":"2027-01-15T09:00:00.000Z","state":"WAITING","replayed":false})"
      "\n");
  Tokenctl({"issue"});
  EXPECT_THAT(out, HasSubstr("token:     tkSECRET\n"));
}

TEST_F(CommandsTest, SucceedReadsTheOutputFromStandardInput) {
  Input(" {\"n\": 1.0}\n");
  ASSERT_EQ(Tokenctl({"succeed", "tkA", "--output", "-"}), 0) << err;
  EXPECT_EQ(succeeded_.output(), "{\"n\": 1.0}");
  EXPECT_EQ(out, "REPLAYED 0123456789abcdef01\n");
}

TEST_F(CommandsTest, SucceedWithoutOutputSendsAnEmptyObject) {
  ASSERT_EQ(Tokenctl({"succeed", "--key", "k", "--no-park"}), 0) << err;
  EXPECT_EQ(succeeded_.output(), "{}");
  EXPECT_LT(succeeded_.park_for().seconds(), 0);
}

TEST_F(CommandsTest, SettlingWaitsForTheTargetsVerdictWhereItIsAsked) {
  struct Case {
    v1::DeliveryState state;
    int code;
  };
  for (const Case& one : {Case{v1::DELIVERY_STATE_DELIVERED, kOk}, Case{v1::DELIVERY_STATE_PENDING, kLimitReached},
                          Case{v1::DELIVERY_STATE_DEAD_LETTERED, kNotTaken}}) {
    broker.fail = [&](const v1::FailRequest& request, DurationMs timeout) -> absl::StatusOr<v1::FailResponse> {
      EXPECT_EQ(ToMs(request.wait_for_delivery()), 30'000);
      EXPECT_GT(timeout, 30'000);
      v1::FailResponse response;
      response.set_verdict(v1::VERDICT_ACCEPTED);
      response.set_task_id("0123456789abcdef01");
      response.mutable_delivery()->set_state(one.state);
      response.mutable_delivery()->set_answer_code("TaskTimedOut");
      return response;
    };
    EXPECT_EQ(Tokenctl({"fail", "tkA", "--wait-for-delivery", "30s"}), one.code) << err;
    EXPECT_THAT(out, HasSubstr("ACCEPTED 0123456789abcdef01\n"));
    EXPECT_THAT(out, HasSubstr(" TaskTimedOut\n"));
    Tokenctl({"fail", "tkA", "--wait-for-delivery", "30s", "-o", "json"});
    EXPECT_THAT(out, HasSubstr(R"("answer_code": "TaskTimedOut")"));
    Tokenctl({"fail", "tkA", "--wait-for-delivery", "30s", "-o", "id"});
    EXPECT_EQ(out, "0123456789abcdef01\n");
  }
}

TEST_F(CommandsTest, ABareWordIsExplained) {
  EXPECT_EQ(Tokenctl({"succeed", "tkA", "--output", "done"}), kUsage);
  EXPECT_THAT(err, HasSubstr("quotes"));
}

TEST_F(CommandsTest, ARefusalNeverShowsTheToken) {
  broker.succeed = [](const v1::SucceedRequest&, DurationMs) -> absl::StatusOr<v1::SucceedResponse> {
    return Refusal(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_TASK_EXPIRED, "too late");
  };
  EXPECT_EQ(Tokenctl({"succeed", "tkSECRET"}), kExpired);
  EXPECT_EQ(out, "");
  EXPECT_THAT(err, HasSubstr("too late"));
  EXPECT_THAT(err, Not(HasSubstr("tkSECRET")));
}

TEST_F(CommandsTest, PeekTellsTheVerdictByExitCode) {
  broker.peek = [](const v1::PeekTaskRequest& request, DurationMs) -> absl::StatusOr<v1::PeekTaskResponse> {
    EXPECT_EQ(request.settlement().fail().error(), "E");
    v1::PeekTaskResponse response;
    response.mutable_result()->set_verdict(v1::VERDICT_CONFLICT);
    return response;
  };
  EXPECT_EQ(Tokenctl({"peek", "tkA", "--error", "E"}), kConflict);
  EXPECT_EQ(out, "CONFLICT\n");
}

TEST_F(CommandsTest, PeekTriesOneOutcome) {
  bool fails = false;
  broker.peek = [&](const v1::PeekTaskRequest& request, DurationMs) -> absl::StatusOr<v1::PeekTaskResponse> {
    fails = request.settlement().has_fail();
    v1::PeekTaskResponse response;
    response.mutable_result()->set_verdict(v1::VERDICT_ACCEPTED);
    return response;
  };
  EXPECT_EQ(Tokenctl({"peek", "tkA", "--error", "E", "--output", "1"}), kUsage);
  EXPECT_EQ(Tokenctl({"peek", "tkA", "--output", "1", "--cause", "c"}), kUsage);
  EXPECT_THAT(err, AllOf(HasSubstr("--output"), HasSubstr("--cause")));
  EXPECT_EQ(connections, 0);
  EXPECT_EQ(Tokenctl({"peek", "tkA", "--cause", "c"}), kOk) << err;
  EXPECT_TRUE(fails);
}

TEST_F(CommandsTest, AwaitTellsTheOutcomeByExitCode) {
  v1::Task task = TaskIn(v1::TASK_STATE_SUCCEEDED);
  task.mutable_outcome()->set_output("{\"n\": 1.0}");
  broker.await = [&](const v1::AwaitTaskRequest&, DurationMs) -> absl::StatusOr<v1::AwaitTaskResponse> {
    v1::AwaitTaskResponse response;
    *response.mutable_task() = task;
    return response;
  };
  EXPECT_EQ(Tokenctl({"await", "tkA", "-o", "output"}), 0);
  EXPECT_EQ(out, "{\"n\": 1.0}\n");
  task = TaskIn(v1::TASK_STATE_FAILED);
  EXPECT_EQ(Tokenctl({"await", "tkA"}), kTaskFailed);
}

TEST_F(CommandsTest, GetTellsByItsExitCodeWhetherThereIsAnOutput) {
  v1::TaskState state = v1::TASK_STATE_SUCCEEDED;
  broker.get = [&](const v1::GetTaskRequest&, DurationMs) -> absl::StatusOr<v1::GetTaskResponse> {
    v1::GetTaskResponse response;
    *response.mutable_task() = TaskIn(state);
    return response;
  };
  EXPECT_EQ(Tokenctl({"get", "tkA", "-o", "output"}), kOk);
  state = v1::TASK_STATE_FAILED;
  EXPECT_EQ(Tokenctl({"get", "tkA", "-o", "output"}), kTaskFailed);
  EXPECT_EQ(out, "");
  EXPECT_EQ(Tokenctl({"get", "tkA"}), kOk);
  state = v1::TASK_STATE_WAITING;
  EXPECT_EQ(Tokenctl({"get", "tkA", "-o", "output"}), kLimitReached);
}

TEST_F(CommandsTest, ListReadsAsManyPagesAsItNeeds) {
  std::vector<int> sizes;
  broker.list = [&](const v1::ListTasksRequest& request, DurationMs) -> absl::StatusOr<v1::ListTasksResponse> {
    sizes.push_back(request.page_size());
    v1::ListTasksResponse page;
    for (int i = 0; i < std::min(request.page_size(), 60); ++i) *page.add_tasks() = TaskIn(v1::TASK_STATE_WAITING);
    page.set_next_page_token("more");
    return page;
  };
  EXPECT_EQ(Tokenctl({"list", "--limit", "100", "-o", "id"}), 0) << err;
  EXPECT_EQ(sizes, (std::vector<int>{100, 40}));
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 100);
  EXPECT_THAT(err, HasSubstr("--page-token more"));
}

TEST_F(CommandsTest, ListSendsItsConditions) {
  broker.list = [&](const v1::ListTasksRequest& request, DurationMs) -> absl::StatusOr<v1::ListTasksResponse> {
    EXPECT_EQ(request.filter().states_size(), 2);
    EXPECT_EQ(request.filter().labels().at("a"), "b");
    EXPECT_EQ(ToMs(request.filter().min_age()), 3'600'000);
    return v1::ListTasksResponse();
  };
  EXPECT_EQ(Tokenctl({"list", "--state", "waiting,Failed", "-l", "a=b", "--min-age", "1h"}), 0) << err;
  EXPECT_EQ(Tokenctl({"list", "--state", "open"}), kUsage);
}

v1::Delivery DeadLetter() {
  v1::Delivery delivery;
  delivery.set_task_id("0123456789abcdef01");
  delivery.set_target("states");
  delivery.set_state(v1::DELIVERY_STATE_DEAD_LETTERED);
  delivery.set_outcome(v1::TASK_STATE_SUCCEEDED);
  delivery.set_attempts(7);
  delivery.set_answer_code("InvalidOutput");
  delivery.set_answer_message("it is no JSON");
  return delivery;
}

TEST_F(CommandsTest, DeliveriesAreListedAndShown) {
  broker.list_deliveries = [&](const v1::ListDeliveriesRequest& request,
                               DurationMs) -> absl::StatusOr<v1::ListDeliveriesResponse> {
    EXPECT_EQ(request.namespace_(), "orders");
    EXPECT_EQ(request.target(), "states");
    EXPECT_EQ(request.states(0), v1::DELIVERY_STATE_DEAD_LETTERED);
    v1::ListDeliveriesResponse response;
    *response.add_deliveries() = DeadLetter();
    return response;
  };
  EXPECT_EQ(Tokenctl({"delivery", "list", "-n", "orders", "--target", "states", "--state", "dead-lettered"}), 0) << err;
  EXPECT_THAT(out, HasSubstr("InvalidOutput"));
  EXPECT_EQ(Tokenctl({"delivery", "list", "--state", "lost"}), kUsage);
  broker.get_delivery = [](const v1::GetDeliveryRequest&, DurationMs) -> absl::StatusOr<v1::GetDeliveryResponse> {
    v1::GetDeliveryResponse response;
    *response.mutable_delivery() = DeadLetter();
    return response;
  };
  EXPECT_EQ(Tokenctl({"delivery", "get", "0123456789abcdef01", "-o", "json"}), 0) << err;
  EXPECT_THAT(out, HasSubstr("\"state\": \"DEAD_LETTERED\""));
  EXPECT_EQ(Tokenctl({"delivery", "get", "0123456789abcdef01"}), 0) << err;
  EXPECT_THAT(out, AllOf(HasSubstr("\nmessage: "), HasSubstr("it is no JSON")));
}

TEST_F(CommandsTest, DeadLettersAreRedrivenUntilThereAreNoMore) {
  int calls = 0;
  broker.redrive = [&](const v1::RedriveDeliveriesRequest& request,
                       DurationMs) -> absl::StatusOr<v1::RedriveDeliveriesResponse> {
    EXPECT_EQ(request.target(), "states");
    EXPECT_FALSE(request.has_task());
    v1::RedriveDeliveriesResponse response;
    response.set_redriven(1000);
    response.set_more(++calls < 3);
    return response;
  };
  EXPECT_EQ(Tokenctl({"delivery", "redrive", "--dead", "--target", "states"}), 0) << err;
  EXPECT_EQ(out, "3000\n");
  EXPECT_EQ(Tokenctl({"delivery", "redrive", "--target", "states"}), kUsage);
}

TEST_F(CommandsTest, DeliveriesAreDroppedUntilThereAreNoMore) {
  std::vector<v1::DropDeliveriesRequest> requests;
  broker.drop_many = [&](const v1::DropDeliveriesRequest& request,
                         DurationMs) -> absl::StatusOr<v1::DropDeliveriesResponse> {
    requests.push_back(request);
    v1::DropDeliveriesResponse response;
    response.set_dropped(request.limit());
    response.set_more(requests.size() < 3);
    return response;
  };
  EXPECT_EQ(Tokenctl({"delivery", "drop", "--dead", "--target", "states"}), 0) << err;
  EXPECT_EQ(out, "3000\n");
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].target(), "states");
  EXPECT_FALSE(requests[0].namespace_().empty());
  ASSERT_EQ(requests[0].states_size(), 1);
  EXPECT_EQ(requests[0].states(0), v1::DELIVERY_STATE_DEAD_LETTERED);

  requests.clear();
  EXPECT_EQ(Tokenctl({"delivery", "drop", "--pending", "--all-namespaces", "--limit", "1500", "-o", "json"}), 0) << err;
  EXPECT_THAT(out, HasSubstr("\"dropped\": 1500"));
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[1].limit(), 500);
  EXPECT_EQ(requests[0].namespace_(), "");
  EXPECT_EQ(requests[0].states(0), v1::DELIVERY_STATE_PENDING);
}

TEST_F(CommandsTest, ManyDeliveriesAreDroppedOnlyWhereTheirStateIsSaid) {
  broker.drop_many = [](const v1::DropDeliveriesRequest&, DurationMs) -> absl::StatusOr<v1::DropDeliveriesResponse> {
    ADD_FAILURE() << "nobody has asked for it";
    return v1::DropDeliveriesResponse();
  };
  EXPECT_EQ(Tokenctl({"delivery", "drop", "--target", "states"}), kUsage);
  EXPECT_EQ(Tokenctl({"delivery", "drop", "--all-namespaces"}), kUsage);
  EXPECT_EQ(Tokenctl({"delivery", "drop", "--dead", "--limit", "0"}), kUsage);
}

TEST_F(CommandsTest, OneDeliveryOrManyAreChangedButNeverBothAtOnce) {
  int changed = 0;
  broker.drop_many = [&](const v1::DropDeliveriesRequest&, DurationMs) -> absl::StatusOr<v1::DropDeliveriesResponse> {
    ++changed;
    return v1::DropDeliveriesResponse();
  };
  broker.redrive = [&](const v1::RedriveDeliveriesRequest&,
                       DurationMs) -> absl::StatusOr<v1::RedriveDeliveriesResponse> {
    ++changed;
    return v1::RedriveDeliveriesResponse();
  };
  for (const std::string one : {"0123456789abcdef01", "--key=order-17", "--token-file=task.token"}) {
    EXPECT_EQ(Tokenctl({"delivery", "drop", one, "--dead"}), kUsage) << one;
    EXPECT_EQ(Tokenctl({"delivery", "drop", one, "--pending"}), kUsage) << one;
    EXPECT_EQ(Tokenctl({"delivery", "redrive", one, "--dead"}), kUsage) << one;
    EXPECT_THAT(err, HasSubstr("--dead"));
  }
  EXPECT_EQ(changed, 0);
  environment["TOKENBROKER_TOKEN"] = "tkA";
  EXPECT_EQ(Tokenctl({"delivery", "drop", "--dead"}), kOk) << "a token in the environment names no task here";
}

TEST_F(CommandsTest, RunDoesNotStartForATaskThatEnded) {
  broker.get = [](const v1::GetTaskRequest&, DurationMs) -> absl::StatusOr<v1::GetTaskResponse> {
    v1::GetTaskResponse response;
    *response.mutable_task() = TaskIn(v1::TASK_STATE_EXPIRED);
    return response;
  };
  EXPECT_EQ(Tokenctl({"run", "tkA", "--", "touch", "/no/such/folder"}), kExpired);
}

TEST_F(CommandsTest, RunByKeyHoldsOnToTheTaskThatItFound) {
  broker.get = [](const v1::GetTaskRequest& request, DurationMs) -> absl::StatusOr<v1::GetTaskResponse> {
    EXPECT_EQ(request.task().key().key(), "order-17");
    v1::GetTaskResponse response;
    *response.mutable_task() = TaskIn(v1::TASK_STATE_WAITING);
    return response;
  };
  broker.heartbeat = [](const v1::HeartbeatRequest& request, DurationMs) -> absl::StatusOr<v1::HeartbeatResponse> {
    EXPECT_EQ(request.task().task_id(), "0123456789abcdef01");
    return v1::HeartbeatResponse();
  };
  ASSERT_EQ(Tokenctl({"run", "--key", "order-17", "--", "printf", "%s", "-o"}), 0) << err;
  EXPECT_EQ(succeeded_.task().task_id(), "0123456789abcdef01");
  EXPECT_EQ(succeeded_.output(), "\"-o\"");
}

TEST_F(CommandsTest, WhatRunHandsOnHoldsInEveryFolder) {
  broker.get = [](const v1::GetTaskRequest&, DurationMs) -> absl::StatusOr<v1::GetTaskResponse> {
    v1::GetTaskResponse response;
    *response.mutable_task() = TaskIn(v1::TASK_STATE_WAITING);
    return response;
  };
  broker.heartbeat = [](const v1::HeartbeatRequest&, DurationMs) -> absl::StatusOr<v1::HeartbeatResponse> {
    return v1::HeartbeatResponse();
  };
  environment["TOKENBROKER_CONFIG"] = "no-such-config.yaml";
  const std::string script =
      "echo $TOKENBROKER_TASK_ID $TOKENBROKER_ADDRESS $TOKENBROKER_CONFIG $TOKENBROKER_API_KEY_FILE "
      "$TOKENBROKER_TLS_CA";
  ASSERT_EQ(Tokenctl({"run", "--key", "k", "-a", "unix:sock", "--api-key-file", "my.key", "--tls-ca", "ca.pem", "--",
                      "sh", "-c", script}),
            0)
      << err;
  const std::string here = std::filesystem::current_path().string() + "/";
  EXPECT_EQ(out, "0123456789abcdef01 unix:" + here + "sock " + here + "no-such-config.yaml " + here + "my.key " + here +
                     "ca.pem\n");
}

TEST_F(CommandsTest, GlobalFlagsStandBeforeOrAfterTheCommand) {
  Tokenctl({"--address", "a:1", "issue"});
  EXPECT_EQ(settings.address, "a:1");
  Tokenctl({"issue", "--address", "b:1"});
  EXPECT_EQ(settings.address, "b:1");
}

TEST_F(CommandsTest, AUsageErrorNeverRepeatsWhatMayBeAToken) {
  const std::string token = "T1x6T9SECRETSECRETSECRETSECRETSECRETabcd";
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {token},
           {"status", token},
           {"get", "tkA", token},
           {"get", "--tokn=" + token},
           {"get", "-z" + token},
           {"get", "--token-file", token},
           {"succeed", "tkA", "--output", "@" + token},
           {"run", "-q" + token},
           {"delivery", token},
           {"completion", token},
           {"list", "--limit", token},
           {"list", "--all=" + token},
           {"list", "--state", token},
           {"list", "--min-age", token},
           {"list", "--label", token},
           {"delivery", "list", "--state", token},
           {"delivery", "drop", "--dead", "--limit", token},
           {"url", "tkA", "--only", token},
           {"url", "tkA", "--before", token},
           {"url", "tkA", "--to", token},
           {"-o", token, "list"},
           {"--profile", token, "list"},
           {"bulk", token},
           {"url", "tkA", "--base-url", token},
       }) {
    EXPECT_EQ(Tokenctl(words), kUsage) << words.front();
    EXPECT_THAT(err, Not(HasSubstr("SECRET")));
  }
  environment["TOKENBROKER_TLS"] = token;
  EXPECT_EQ(Tokenctl({"list"}), kUsage);
  EXPECT_THAT(err, Not(HasSubstr("SECRET")));
}

TEST_F(CommandsTest, WhatIsGivenAsEmptyIsNotTakenForLeftOut) {
  environment["TOKENBROKER_TOKEN"] = "tkA";
  struct Case {
    std::vector<std::string> command;
    std::string named;
  };
  for (const Case& one : std::vector<Case>{{{"succeed", "--key", ""}, "--key"},
                                           {{"succeed", "--key=", "--output", "42"}, "--key"},
                                           {{"succeed", "-k", "", "--output", "42"}, "--key"},
                                           {{"succeed", ""}, "REF"},
                                           {{"succeed", "--token-file", ""}, "--token-file"},
                                           {{"succeed", "--request-id", ""}, "--request-id"},
                                           {{"issue", "--allow-error", ""}, "--allow-error"},
                                           {{"issue", "--key", ""}, "--key"},
                                           {{"bulk", ""}, "FILE"},
                                           {{"run", "--error", "", "--", "true"}, "--error"},
                                           {{"list", "-a", ""}, "--address"},
                                           {{"delivery", "get", ""}, "REF"}}) {
    EXPECT_EQ(Tokenctl(one.command), kUsage) << one.named;
    EXPECT_THAT(err, HasSubstr(one.named + " is given, but empty"));
  }
  EXPECT_EQ(connections, 0);
}

TEST_F(CommandsTest, WhatIsNoUtf8IsRefusedByItsName) {
  const std::string bad = "a\xFF";
  struct Case {
    std::vector<std::string> command;
    std::string named;
  };
  for (const Case& one : std::vector<Case>{{{"get", "--key", bad}, "--key"},
                                           {{"get", bad}, "REF"},
                                           {{"issue", "--summary", bad}, "--summary"},
                                           {{"issue", "--label", "a=" + bad}, "--label"},
                                           {{"issue", "--request-id", bad}, "--request-id"},
                                           {{"fail", "tkA", "--cause", bad}, "--cause"},
                                           {{"list", "-n", bad}, "--namespace"}}) {
    EXPECT_EQ(Tokenctl(one.command), kUsage) << one.named;
    EXPECT_THAT(err, HasSubstr(one.named + " is not UTF-8"));
  }
  EXPECT_EQ(connections, 0);
  EXPECT_EQ(Tokenctl({"get", "--token-file", bad}), kUsage);
  EXPECT_THAT(err, HasSubstr("cannot read")) << "a file may be called so";
}

TEST_F(CommandsTest, ACauseFromALogIsTakenAsFarAsItIsText) {
  std::string cause;
  broker.fail = [&](const v1::FailRequest& request, DurationMs) -> absl::StatusOr<v1::FailResponse> {
    cause = request.cause();
    return v1::FailResponse();
  };
  Input("before \xFF after");
  EXPECT_EQ(Tokenctl({"fail", "tkA", "--cause", "-"}), kOk) << err;
  EXPECT_EQ(cause, "before \xEF\xBF\xBD after");
}

TEST_F(CommandsTest, TextsForPeopleMayBeEmpty) {
  EXPECT_EQ(Tokenctl({"issue", "--summary", ""}), kOk) << err;
  EXPECT_EQ(Tokenctl({"issue", "--summary="}), kOk) << err;
  EXPECT_EQ(issue_requests_.size(), 2u);
}

TEST_F(CommandsTest, AUsageErrorSaysWhatIsWrong) {
  Tokenctl({"get", "--tokn=x"});
  EXPECT_THAT(err, HasSubstr("not expected here: --tokn;"));
  Tokenctl({"status", "x"});
  EXPECT_THAT(err, HasSubstr("not expected here: \"x\";"));
  Tokenctl({"list", "--limit", "x"});
  EXPECT_THAT(err, HasSubstr("--limit must be a whole number;"));
  Tokenctl({"delivery", "drop", "--dead", "--limit", "0"});
  EXPECT_THAT(err, HasSubstr("--limit must be a whole number above 0;"));
  Tokenctl({"issue", "--attempt", "-1"});
  EXPECT_THAT(err, HasSubstr("--attempt must be a whole number, 0 or more;"));
  Tokenctl({"completion", "tcsh"});
  EXPECT_THAT(err, HasSubstr("SHELL must be one of bash,zsh,fish;"));
}

TEST_F(CommandsTest, AnUnknownCommandIsNamedWithTheNearest) {
  Tokenctl({"isue", "--key", "k"});
  EXPECT_THAT(err, HasSubstr("there is no command \"isue\" (did you mean 'issue'?);"));
  Tokenctl({"delivery", "lst"});
  EXPECT_THAT(err, HasSubstr("there is no command \"lst\" (did you mean 'list'?);"));
  Tokenctl({"frobnicate"});
  EXPECT_THAT(err, HasSubstr("there is no command \"frobnicate\";"));
  Tokenctl({"delivery"});
  EXPECT_THAT(err, HasSubstr("a command is missing: list, get, redrive, drop;"));
}

TEST_F(CommandsTest, UsageErrorsExitWithTwo) {
  EXPECT_EQ(Tokenctl({}), kUsage);
  EXPECT_EQ(Tokenctl({"frobnicate"}), kUsage);
  EXPECT_EQ(Tokenctl({"issue", "--timeout", "soon"}), kUsage);
  EXPECT_EQ(Tokenctl({"issue", "-o", "xml"}), kUsage);
  EXPECT_EQ(Tokenctl({"get"}), kUsage);
  EXPECT_EQ(Tokenctl({"run", "tkA"}), kUsage);
}

TEST_F(CommandsTest, EveryCommandRefusesAFormatThatItDoesNotHaveBeforeItActs) {
  struct Case {
    std::vector<std::string> command;
    std::set<std::string> formats;
  };
  const std::set<std::string> json = {"table", "json", "jsonl"};
  const std::set<std::string> ids = {"table", "json", "jsonl", "id"};
  const std::set<std::string> tokens = {"table", "json", "jsonl", "token"};
  const std::set<std::string> issued = {"table", "json", "jsonl", "id", "token"};
  const std::set<std::string> outputs = {"table", "json", "jsonl", "id", "output"};
  const std::set<std::string> none;
  for (const Case& one : std::vector<Case>{{{"issue"}, issued},
                                           {{"succeed", "tkA"}, ids},
                                           {{"fail", "tkA"}, ids},
                                           {{"peek", "tkA"}, ids},
                                           {{"heartbeat", "tkA"}, json},
                                           {{"get", "tkA"}, outputs},
                                           {{"list"}, ids},
                                           {{"await", "tkA"}, outputs},
                                           {{"watch"}, ids},
                                           {{"cancel", "tkA"}, ids},
                                           {{"extend", "tkA", "--timeout", "1h"}, ids},
                                           {{"url", "tkA"}, tokens},
                                           {{"run", "tkA", "--", "true"}, none},
                                           {{"bulk"}, none},
                                           {{"delivery", "list"}, ids},
                                           {{"delivery", "get", "tkA"}, ids},
                                           {{"delivery", "redrive", "tkA"}, json},
                                           {{"delivery", "redrive", "--dead"}, json},
                                           {{"delivery", "drop", "tkA"}, ids},
                                           {{"delivery", "drop", "--dead"}, json},
                                           {{"backup", "/b"}, ids},
                                           {{"status"}, json},
                                           {{"profile", "ls"}, ids},
                                           {{"profile", "show"}, json},
                                           {{"help", "run"}, none},
                                           {{"completion", "bash"}, none}}) {
    for (const std::string format : {"table", "json", "jsonl", "id", "token", "output", "tokn", ""}) {
      SCOPED_TRACE(one.command.front() + " -o " + format);
      std::vector<std::string> arguments = {"-o", format};
      arguments.insert(arguments.end(), one.command.begin(), one.command.end());
      connections = 0;
      const int code = Tokenctl(arguments);
      if (one.formats.count(format) != 0) {
        EXPECT_NE(code, kUsage) << err;
        continue;
      }
      EXPECT_EQ(code, kUsage);
      EXPECT_THAT(err, HasSubstr("-o "));
      EXPECT_EQ(connections, 0);
      EXPECT_EQ(out, "");
    }
  }
}

TEST_F(CommandsTest, ALostResultIsNoSuccess) {
  output_is_full = true;
  EXPECT_EQ(Tokenctl({"issue", "-o", "token"}), kInternal);
  EXPECT_THAT(err, HasSubstr("standard output cannot be written"));
  EXPECT_EQ(Tokenctl({"--help"}), kInternal);
  broker.await = [](const v1::AwaitTaskRequest&, DurationMs) -> absl::StatusOr<v1::AwaitTaskResponse> {
    v1::AwaitTaskResponse response;
    *response.mutable_task() = TaskIn(v1::TASK_STATE_FAILED);
    return response;
  };
  EXPECT_EQ(Tokenctl({"await", "tkA"}), kTaskFailed) << "what happened to the task is known all the same";
  EXPECT_THAT(err, HasSubstr("standard output cannot be written"));
}

TEST_F(CommandsTest, HelpIsDataOnStandardOutput) {
  EXPECT_EQ(Tokenctl({"--help"}), 0);
  EXPECT_THAT(out, HasSubstr("succeed"));
  EXPECT_EQ(Tokenctl({"help", "exit-codes"}), 0);
  EXPECT_THAT(out, HasSubstr("11  await"));
  EXPECT_EQ(Tokenctl({"help", "profile", "ls"}), 0);
  EXPECT_THAT(out, HasSubstr("tokenctl profile ls"));
  EXPECT_EQ(Tokenctl({"help", "issue"}), 0);
  EXPECT_THAT(out, HasSubstr("-o must be table, json, jsonl, id or token"));
  EXPECT_EQ(Tokenctl({"help", "nothing"}), kUsage);
}

TEST_F(CommandsTest, ABackupIsNotRetried) {
  int calls = 0;
  broker.backup = [&](const v1::CreateBackupRequest&, DurationMs) -> absl::StatusOr<v1::CreateBackupResponse> {
    ++calls;
    return Away();
  };
  EXPECT_EQ(Tokenctl({"backup", "/b"}), kUnavailable);
  EXPECT_EQ(calls, 1);
}

TEST_F(CommandsTest, ProfileShowNeverShowsTheKey) {
  environment["TOKENBROKER_API_KEY"] = "secret-key";
  EXPECT_EQ(Tokenctl({"profile", "show", "-o", "json"}), 0) << err;
  EXPECT_THAT(out, HasSubstr("\"api_key\": \"TOKENBROKER_API_KEY\""));
  EXPECT_THAT(out, Not(HasSubstr("secret-key")));
}

}  // namespace
}  // namespace tokenbroker::cli
