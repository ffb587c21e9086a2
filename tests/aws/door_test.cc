#include "server/aws/door.h"

#include <gmock/gmock.h>

#include "tests/aws/door_fixture.h"

namespace tokenbroker::aws {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class AwsDoorTest : public AwsDoorFixture {};

TEST_F(AwsDoorTest, ASuccessResolvesTheTask) {
  const auto task = IssueTask();
  const Answer answer = Call("SendTaskSuccess", SuccessBody(task.token(), R"({"paid":true})"));
  EXPECT_EQ(TextOf(answer), "200 {}");
  EXPECT_EQ(answer.content_type, "application/x-amz-json-1.0");
  EXPECT_EQ(HeaderOf(answer, "x-amzn-RequestId"), "request-1");
  EXPECT_EQ(HeaderOf(answer, "x-tokenbroker-verdict"), "ACCEPTED");
  EXPECT_EQ(answer.operation, "SendTaskSuccess");
  pb::Task seen;
  ASSERT_TRUE(Get(ByToken(task.token()), &seen).ok());
  EXPECT_EQ(seen.state(), pb::TASK_STATE_SUCCEEDED);
  EXPECT_EQ(seen.outcome().output(), R"({"paid":true})");
  EXPECT_EQ(seen.outcome().resolved_by(), "anonymous");
}

TEST_F(AwsDoorTest, AFailureMayLackErrorAndCause) {
  const auto task = IssueTask(), bare = IssueTask();
  EXPECT_EQ(TextOf(Call("SendTaskFailure", FailureBody(task.token(), "E", "why"))), "200 {}");
  EXPECT_EQ(TextOf(Call("SendTaskFailure", HeartbeatBody(bare.token()))), "200 {}");
  pb::Task seen;
  ASSERT_TRUE(Get(ByToken(task.token()), &seen).ok());
  EXPECT_EQ(seen.state(), pb::TASK_STATE_FAILED);
  EXPECT_EQ(seen.outcome().error(), "E");
  EXPECT_EQ(seen.outcome().cause(), "why");
}

TEST_F(AwsDoorTest, AHeartbeatKeepsTheTaskAlive) {
  const auto task = IssueTask([](pb::IssueTaskRequest& r) { r.mutable_heartbeat_timeout()->set_seconds(10); });
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(9'000);
    EXPECT_EQ(TextOf(Call("SendTaskHeartbeat", HeartbeatBody(task.token()))), "200 {}");
  }
  clock_.Advance(10'000);
  EXPECT_EQ(TextOf(Call("SendTaskHeartbeat", HeartbeatBody(task.token()))),
            "TaskTimedOut: Task Timed Out: 'Provided task does not exist anymore'");
}

TEST_F(AwsDoorTest, AnUpstreamTokenIsAsGoodAsOurs) {
  const std::string upstream = "AQCEAAAAKgAAAAMAAAAA+/=" + std::string(700, 'x');
  const auto task = IssueTask([&](pb::IssueTaskRequest& r) { r.set_upstream_token(upstream); });
  EXPECT_EQ(TextOf(Call("SendTaskHeartbeat", HeartbeatBody(upstream))), "200 {}");
  EXPECT_EQ(TextOf(Call("SendTaskSuccess", SuccessBody(upstream, "1"))), "200 {}");
  const Answer again = Call("SendTaskSuccess", SuccessBody(task.token(), "1"));
  EXPECT_EQ(TextOf(again), "200 {}");
  EXPECT_EQ(HeaderOf(again, "x-tokenbroker-verdict"), "REPLAYED");
}

TEST_F(AwsDoorTest, AskedForCancellationTheHeartbeatSaysSo) {
  const auto task = IssueTask();
  EXPECT_EQ(HeaderOf(Call("SendTaskHeartbeat", HeartbeatBody(task.token())), "x-tokenbroker-cancel-requested"), "");
  pb::CancelTaskRequest cancel;
  *cancel.mutable_task() = ByToken(task.token());
  cancel.mutable_task()->set_task_id(task.task_id());
  cancel.mutable_grace()->set_seconds(60);
  pb::CancelTaskResponse response;
  ASSERT_TRUE(DoorFixture::Call(*tasks_, &pb::TaskService::Stub::CancelTask, cancel, &response).ok());
  EXPECT_EQ(HeaderOf(Call("SendTaskHeartbeat", HeartbeatBody(task.token())), "x-tokenbroker-cancel-requested"), "true");
}

// --- Errors by name ---

TEST_F(AwsDoorTest, ATokenThatIsNoneIsInvalid) {
  std::string forged = IssueTask().token();
  forged.back() = forged.back() == '0' ? '1' : '0';
  for (const std::string& token : {forged, std::string("T"), std::string(2048, 'x'), std::string("caf\xC3\xA9")}) {
    for (const char* operation : {"SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat"}) {
      const Answer answer = Call(operation, SuccessBody(token, "1"));
      EXPECT_EQ(TextOf(answer), "InvalidToken: Invalid Token: 'Invalid token'");
      EXPECT_EQ(answer.status, 400);
      EXPECT_EQ(HeaderOf(answer, "x-amzn-ErrorType"), "InvalidToken");
      EXPECT_EQ(HeaderOf(answer, "x-tokenbroker-reason"), "TASK_UNKNOWN");
      EXPECT_EQ(answer.error, "InvalidToken");
    }
  }
}

TEST_F(AwsDoorTest, ATokenOfOursWithoutATaskDoesNotExist) {
  const std::string token = codec_->Seal({0, 4711, 0});
  for (const char* operation : {"SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat"}) {
    EXPECT_EQ(TextOf(Call(operation, SuccessBody(token, "1"))),
              "TaskDoesNotExist: Task Does Not Exist: 'Provided task does not exist'");
  }
}

TEST_F(AwsDoorTest, AnOutputThatIsNoJsonIsInvalid) {
  const auto task = IssueTask();
  for (const char* output : {"", "bare", "{", "1 2"}) {
    EXPECT_THAT(TextOf(Call("SendTaskSuccess", SuccessBody(task.token(), output))),
                StartsWith("InvalidOutput: Invalid Output: 'output "))
        << output;
  }
  EXPECT_EQ(TextOf(Call("SendTaskHeartbeat", HeartbeatBody(task.token()))), "200 {}") << "nothing changed";
}

TEST_F(AwsDoorTest, AnOutcomeAgainstTheContractIsRefused) {
  const auto task = IssueTask([](pb::IssueTaskRequest& r) {
    r.mutable_contract()->set_output_schema(R"({"type":"object"})");
    r.mutable_contract()->add_allowed_errors("Known");
  });
  EXPECT_THAT(TextOf(Call("SendTaskSuccess", SuccessBody(task.token(), "1"))), StartsWith("InvalidOutput: "));
  EXPECT_THAT(TextOf(Call("SendTaskFailure", FailureBody(task.token(), "Other", ""))),
              StartsWith("ValidationException: 1 validation error detected: Value at 'error' failed to satisfy "));
  EXPECT_EQ(TextOf(Call("SendTaskFailure", FailureBody(task.token(), "Known", ""))), "200 {}");
}

TEST_F(AwsDoorTest, ConstraintsAreTheContractsAndNamedAtOnce) {
  const auto task = IssueTask();
  const std::string& token = task.token();
  const auto longer = [](const char* member, int max) {
    return "Value at '" + std::string(member) +
           "' failed to satisfy constraint: Member must have length less than or " + "equal to " + std::to_string(max);
  };
  const auto one = [](const std::string& what) { return "ValidationException: 1 validation error detected: " + what; };
  EXPECT_EQ(TextOf(Call("SendTaskSuccess", "{}")),
            "ValidationException: 2 validation errors detected: Value at 'output' failed to satisfy constraint: Member "
            "must not be null; Value at 'taskToken' failed to satisfy constraint: Member must not be null");
  EXPECT_EQ(
      TextOf(Call("SendTaskHeartbeat", R"({"taskToken":""})")),
      one("Value at 'taskToken' failed to satisfy constraint: Member must have length greater than or equal to 1"));
  EXPECT_EQ(TextOf(Call("SendTaskHeartbeat", HeartbeatBody(std::string(2049, 'x')))), one(longer("taskToken", 2048)));
  EXPECT_EQ(TextOf(Call("SendTaskSuccess", SuccessBody(token, "\"" + std::string(262'143, 'x') + "\""))),
            one(longer("output", 262'144)));
  EXPECT_EQ(TextOf(Call("SendTaskFailure", FailureBody(token, std::string(257, 'x'), ""))), one(longer("error", 256)));
  EXPECT_EQ(TextOf(Call("SendTaskFailure", FailureBody(token, "", std::string(32'769, 'x')))),
            one(longer("cause", 32'768)));
  EXPECT_EQ(TextOf(Call("SendTaskFailure", FailureBody(token, std::string(256, 'x'), std::string(32'768, 'x')))),
            "200 {}");
  EXPECT_EQ(TextOf(Call("SendTaskSuccess", SuccessBody(IssueTask().token(), "\"" + std::string(262'142, 'x') + "\""))),
            "200 {}");
}

TEST_F(AwsDoorTest, WhatIsNoOperationIsUnknown) {
  const auto check = [&](const std::function<void(SignedRequest&)>& change) {
    SignedRequest request("SendTaskSuccess", clock_.Now());
    change(request);
    return TextOf(Serve(request.View()));
  };
  EXPECT_EQ(check([](SignedRequest& r) { r.Set("X-Amz-Target", "AWSStepFunctions.CreateStateMachine"); }),
            "UnknownOperationException: There is no operation 'AWSStepFunctions.CreateStateMachine' here.");
  EXPECT_THAT(check([](SignedRequest& r) { r.Set("X-Amz-Target", "DynamoDB_20120810.SendTaskSuccess"); }),
              StartsWith("UnknownOperationException: "));
  EXPECT_THAT(check([](SignedRequest& r) { r.Remove("X-Amz-Target"); }), StartsWith("UnknownOperationException: "));
  EXPECT_THAT(check([](SignedRequest& r) { r.method = "GET"; }), StartsWith("UnknownOperationException: "));
  EXPECT_THAT(check([](SignedRequest& r) { r.Set("Content-Type", "application/json"); }),
              StartsWith("UnknownOperationException: "));
}

TEST_F(AwsDoorTest, Version11IsAnsweredInKind) {
  SignedRequest request("SendTaskHeartbeat", clock_.Now());
  request.Set("Content-Type", "application/X-AMZ-json-1.1; charset=utf-8");
  const Answer answer = Serve(request.View());
  EXPECT_EQ(answer.content_type, "application/x-amz-json-1.1");
  EXPECT_THAT(TextOf(answer), StartsWith("ValidationException: "));
}

TEST_F(AwsDoorTest, ABodyThatIsNoInputIsASerializationException) {
  for (const char* body : {"{", "[]", R"({"taskToken":1})", R"({"taskToken":"a","taskToken":"b"})", "\xFF"}) {
    EXPECT_THAT(TextOf(Call("SendTaskHeartbeat", body)), StartsWith("SerializationException: ")) << body;
  }
}

TEST_F(AwsDoorTest, ErrorsHoldNeitherTokenNorPayload) {
  const auto task = IssueTask();
  const std::string secret = "payload-not-to-be-shown";
  for (const Answer& answer :
       {Call("SendTaskSuccess", SuccessBody(task.token(), secret)),
        Call("SendTaskSuccess", SuccessBody(task.token() + secret, "{}")),
        Call("SendTaskFailure", FailureBody(task.token(), secret + std::string(300, 'x'), secret)),
        Call("SendTaskSuccess", "{\"taskToken\":\"" + task.token() + "\"" + secret)}) {
    EXPECT_NE(answer.status, 200);
    EXPECT_THAT(answer.body, testing::Not(HasSubstr(task.token())));
    EXPECT_THAT(answer.body, testing::Not(HasSubstr(secret)));
  }
}

TEST_F(AwsDoorTest, OpenDoorsLookAtNoSignature) {
  const auto task = IssueTask();
  SignedRequest request("SendTaskHeartbeat", clock_.Now());
  request.body = HeartbeatBody(task.token());
  EXPECT_EQ(TextOf(Serve(request.View())), "200 {}") << "not signed";
  request.Set("Authorization", "AWS4-HMAC-SHA256 Credential=nonsense");
  EXPECT_EQ(TextOf(Serve(request.View())), "200 {}");
}

TEST(FailureAnswer, IsAnAwsError) {
  const Answer answer = FailureAnswer(413, "too large", "id-1");
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.body,
            R"({"__type":"com.amazon.coral.service#RequestEntityTooLargeException","message":"too large"})");
  EXPECT_EQ(answer.headers.front().first, "x-amzn-RequestId");
  EXPECT_EQ(answer.headers.front().second, "id-1");
  EXPECT_EQ(FailureAnswer(404, "", "").error, "UnknownOperationException");
  EXPECT_EQ(FailureAnswer(400, "", "").error, "SerializationException");
  EXPECT_EQ(FailureAnswer(503, "", "").error, "ServiceUnavailableException");
  EXPECT_EQ(FailureAnswer(500, "", "").error, "InternalFailure");
}

// --- Who may call ---

class KeyedAwsDoorTest : public AwsDoorFixture {
 protected:
  AuthConfig Auth() override {
    AuthConfig auth;
    auth.mode = AuthMode::kKeys;
    auth.keys = {KeyOf("issuer", "issuers-key", {{"*", kIssue | kRead}})};
    return auth;
  }
  KeySet Keys() override {
    KeySet keys;
    keys.Add({kTestKey, {}, {}, {{"demo", kResolve}}}, kTestSecret);
    return keys;
  }
  void SetUp() override {
    AwsDoorFixture::SetUp();
    key_ = "issuers-key";
  }
};

TEST_F(KeyedAwsDoorTest, WhoSignsIsRecorded) {
  const auto task = IssueTask();
  EXPECT_EQ(TextOf(Call("SendTaskSuccess", SuccessBody(task.token(), "1"))), "200 {}");
  pb::Task seen;
  ASSERT_TRUE(Get(ByToken(task.token()), &seen).ok());
  EXPECT_EQ(seen.outcome().resolved_by(), "aws:AKIDEXAMPLE");
}

TEST_F(KeyedAwsDoorTest, WhoDoesNotSignIsRefusedWhateverTheTask) {
  SignedRequest request("SendTaskSuccess", clock_.Now());
  request.body = SuccessBody(IssueTask().token(), "1");
  EXPECT_EQ(TextOf(Serve(request.View())), "MissingAuthenticationTokenException: Missing Authentication Token");
  request.credential = "AKIDOTHER/" + request.scope.date + "/us-east-1/states/aws4_request";
  EXPECT_EQ(TextOf(Serve(request.Sign().View())),
            "UnrecognizedClientException: The security token included in the request is invalid.");
  request.credential.clear();
  request.body = "{";
  request.Set("Authorization", "AWS4-HMAC-SHA256 Credential=x/y, SignedHeaders=host");
  EXPECT_THAT(TextOf(Serve(request.View())), StartsWith("IncompleteSignatureException: ")) << "before the body is read";
}

TEST_F(KeyedAwsDoorTest, OldSignaturesAreRefusedByTheTimeOfDay) {
  SignedRequest request("SendTaskSuccess", clock_.Now() - 16 * 60 * 1000);
  EXPECT_THAT(TextOf(Serve(request.Sign().View())), StartsWith("InvalidSignatureException: Signature expired: "));
  calls_->clock_offset = [] { return DurationMs{-16 * 60 * 1000}; };
  EXPECT_THAT(TextOf(Serve(request.View())), StartsWith("ValidationException: "))
      << "the broker's clock stands a little before the wall's";
}

// --- Further operations ---

class PluggedAwsDoorTest : public AwsDoorFixture {
 protected:
  void AddOperations(OperationTable& operations) override {
    operations.Add("CreateActivity", [](ExchangePtr exchange) {
      std::optional<std::string> name;
      if (Error error = exchange->input().Text("name", name)) return exchange->Refuse(error);
      exchange->Answer("{\"activityArn\":\"" + name.value_or("") + "\"}");
    });
    operations.Add("GetActivityTask", [](ExchangePtr) {});
  }
};

TEST_F(PluggedAwsDoorTest, AnOperationIsARowOfTheTable) {
  EXPECT_EQ(TextOf(Call("CreateActivity", R"({"name":"n"})")), "200 {\"activityArn\":\"n\"}");
  EXPECT_THAT(TextOf(Call("CreateActivity", R"({"name":1})")), StartsWith("SerializationException: "));
  EXPECT_THAT(TextOf(Call("SendTaskSuccess", "{}")), StartsWith("UnknownOperationException: "));
}

TEST_F(PluggedAwsDoorTest, WhatNobodyAnswersIsAnInternalFailure) {
  EXPECT_EQ(TextOf(Call("GetActivityTask", "{}")), "InternalFailure: The call was not answered.");
}

// --- Behind it stands a Step Functions ---

class RelayingAwsDoorTest : public AwsDoorFixture {
 protected:
  void AddOperations(OperationTable& operations) override {
    AddTaskOperations(*calls_, operations,
                      [this](std::string_view operation, std::string body, const std::function<void(Relayed)>& done) {
                        passed_.push_back(std::string(operation) + " " + body);
                        done({400, "application/x-amz-json-1.0", {{"x-amzn-requestid", "theirs"}}, kTheirs});
                      });
  }

  static constexpr char kTheirs[] = R"({"__type":"com.amazonaws.swf.service.v2.model#TaskTimedOut", "message":"m"})";
  std::vector<std::string> passed_;
};

TEST_F(RelayingAwsDoorTest, ATokenThatNobodyHereKnowsIsPassedOnUnchanged) {
  const std::string body = "{ \"taskToken\":\"AQC/their+token==\", \"output\" : \"1\" }";
  const Answer answer = Call("SendTaskSuccess", body);
  EXPECT_EQ(passed_, std::vector<std::string>{"SendTaskSuccess " + body});
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, kTheirs);
  EXPECT_EQ(answer.operation, "SendTaskSuccess");
  EXPECT_EQ(answer.headers,
            (std::vector<std::pair<std::string_view, std::string>>{{"x-amzn-requestid", "theirs"},
                                                                   {"x-tokenbroker-relayed", "true"},
                                                                   {"Content-Type", "application/x-amz-json-1.0"}}));
}

TEST_F(RelayingAwsDoorTest, WhatIsKnownHereOrMadeHereStaysHere) {
  const auto issued = IssueTask([](pb::IssueTaskRequest& request) { request.set_upstream_token("AQC/known+token=="); });
  EXPECT_EQ(TextOf(Call("SendTaskHeartbeat", HeartbeatBody("AQC/known+token=="))), "200 {}");
  EXPECT_EQ(TextOf(Call("SendTaskSuccess", SuccessBody(issued.token(), "1"))), "200 {}");
  EXPECT_EQ(TextOf(Call("SendTaskFailure", FailureBody("AQC/known+token==", "late", ""))).substr(0, 13),
            "TaskTimedOut:");
  EXPECT_EQ(TextOf(Call("SendTaskSuccess", SuccessBody("AQC/their+token==", "no JSON"))).substr(0, 14),
            "InvalidOutput:");
  EXPECT_TRUE(passed_.empty());
}

TEST_F(RelayingAwsDoorTest, AMistypedTokenOfOursStaysHere) {
  std::string mistyped = IssueTask().token();
  std::swap(mistyped[10], mistyped[11] == mistyped[10] ? mistyped[12] : mistyped[11]);
  ASSERT_TRUE(broker::TokenCodec::LooksLikeOurs(mistyped));
  const std::string refusal = TextOf(Call("SendTaskSuccess", SuccessBody(mistyped, "1")));
  EXPECT_EQ(refusal.substr(0, refusal.find(':')), "InvalidToken");
  EXPECT_EQ(TextOf(Call("SendTaskFailure", FailureBody(mistyped, "E", ""))), refusal);
  EXPECT_EQ(TextOf(Call("SendTaskHeartbeat", HeartbeatBody(mistyped))), refusal);
  EXPECT_TRUE(passed_.empty());
}

}  // namespace
}  // namespace tokenbroker::aws
