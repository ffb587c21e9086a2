// What is wrong with a request is said in the form of the door that it came to, precisely, and changes nothing. What is
// wrong below the doors (framing, floods, slowness) is in tests/http; REST's own fields are in bad_input_test.cc.
#include <gmock/gmock.h>

#include <functional>

#include "tests/web/web_fixture.h"

namespace tokenbroker::web {
namespace {

using testing::HasSubstr;

// How a door says what is wrong.
enum class Form { kRest, kAws, kPage };

struct Abuse {
  std::string name;
  std::string request;
  int status;
  Form form = Form::kRest;
  // The error's name: AWS's, or REST's reason.
  std::string error;
  // What the text says, in part.
  std::string says;
  std::string allow = "";
};

class AbuseTest : public WebFixture {
 protected:
  void SetUp() override {
    WebFixture::SetUp();
    const auto issued = IssueWithKey("order-1");
    token_ = issued.token();
    id_ = issued.task_id();
    rest_ = "/v1/tokens/" + token_ + ":succeed";
    page_ = "/c/" + token_;
  }

  // --- Requests of each door ---

  std::string Rest(std::string_view body, const Headers& headers = {}) const {
    return Request("POST", rest_, headers, body);
  }
  std::string Aws(std::string_view body, const std::string& target = "AWSStepFunctions.SendTaskSuccess",
                  const std::string& type = "application/x-amz-json-1.0") const {
    return Request("POST", "/", {{"Content-Type", type}, {"X-Amz-Target", target}}, body);
  }
  std::string Callback(std::string_view body, const std::string& action = "succeed",
                       const std::string& type = "application/json") const {
    return Request("POST", page_ + "/" + action, {{"Content-Type", type}}, body);
  }
  std::string AwsOutput(const std::string& output) const {
    return Aws(Json{{"taskToken", token_}, {"output", output}}.dump());
  }

  std::vector<Abuse> RestAbuses() const;
  std::vector<Abuse> AwsAbuses() const;
  std::vector<Abuse> CallbackAbuses() const;
  void Check(const Abuse& abuse);

  std::string token_, id_, rest_, page_;
};

const std::string kDeep = std::string(200, '[') + std::string(200, ']');
const std::string kLarge = "\"" + std::string(300'000, 'x') + "\"";
const std::string kHuge = "\"" + std::string(9'000'000, 'x') + "\"";

std::vector<Abuse> AbuseTest::RestAbuses() const {
  const char* const field = "INVALID_FIELD";
  return {
      {"malformed", Rest("{\n oops}"), 400, Form::kRest, field, "line 2, column 2"},
      {"twice", Rest(R"({"output":"1","output":"2"})"), 400, Form::kRest, field, "output"},
      {"no UTF-8", Rest("{\"output\":\"\xff\"}"), 400, Form::kRest, field, "UTF-8"},
      {"deep", Rest(kDeep), 400, Form::kRest, field, "128 levels"},
      {"out of range", Request("POST", "/v1/namespaces/demo/tasks", {}, R"({"attempt":99999999999})"), 400, Form::kRest,
       field, "attempt"},
      {"other type", Rest("output=1", {{"Content-Type", "application/x-www-form-urlencoded"}}), 400, Form::kRest, field,
       "application/json"},
      {"other method", Request("PUT", rest_), 405, Form::kRest, "METHOD_NOT_ALLOWED", "other methods",
       "GET, HEAD, POST, OPTIONS"},
      {"unknown path", Request("POST", "/v1/token/x:succeed"), 404, Form::kRest, "NO_SUCH_ROUTE",
       "did you mean POST /v1/tokens/{token}:succeed?"},
      {"unknown list", Request("GET", "/v1/namespaces/demo/taks"), 404, Form::kRest, "NO_SUCH_ROUTE",
       "did you mean GET /v1/namespaces/{namespace}/tasks?"},
      {"unknown task path", Request("GET", "/v1/task/x"), 404, Form::kRest, "NO_SUCH_ROUTE",
       "did you mean GET /v1/tasks/{taskId}?"},
      {"long path", Request("GET", "/v1/" + std::string(9'000, 'x')), 414, Form::kRest, "TARGET_TOO_LONG",
       "8192 bytes (http.max_target_size)"},
      {"very long path", Request("GET", "/v1/" + std::string(12'000, 'x')), 414, Form::kRest, "TARGET_TOO_LONG",
       "8192 bytes (http.max_target_size)"},
      {"large head", Rest("{}", {{"X", std::string(17'000, 'x')}}), 431, Form::kRest, "HEAD_TOO_LONG",
       "16384 bytes (http.max_header_size)"},
      {"many fields", Rest("{}", std::vector<std::pair<std::string, std::string>>(101, {"X", "y"})), 431, Form::kRest,
       "HEAD_TOO_LONG", "100 header fields (http.max_header_count)"},
      {"large field", Rest(Json{{"output", kLarge}}.dump()), 400, Form::kRest, field, "262144"},
      {"large body", Rest(kHuge), 413, Form::kRest, "BODY_TOO_LARGE", "8388608 bytes (http.max_body_size)"},
  };
}

std::vector<Abuse> AbuseTest::AwsAbuses() const {
  const char* const serialization = "SerializationException";
  const char* const unknown = "UnknownOperationException";
  return {
      {"malformed", Aws("{\n oops}"), 400, Form::kAws, serialization, "line 2, column 2"},
      {"twice", Aws(R"({"output":"1","output":"2"})"), 400, Form::kAws, serialization, "'output' is there twice"},
      {"no UTF-8", Aws("{\"output\":\"\xff\"}"), 400, Form::kAws, serialization, "UTF-8"},
      {"deep", Aws(kDeep), 400, Form::kAws, serialization, "128 levels"},
      {"deep output", AwsOutput(kDeep), 400, Form::kAws, "InvalidOutput", "128 levels"},
      {"a number", Aws(R"({"taskToken":99999999999999999999,"output":"1"})"), 400, Form::kAws, serialization,
       "NUMBER_VALUE"},
      {"no number", AwsOutput("0x10"), 400, Form::kAws, "InvalidOutput", "line 1, column 2"},
      {"other type", Aws("{}", "AWSStepFunctions.SendTaskSuccess", "application/json"), 400, Form::kAws, unknown,
       "application/x-amz-json-1.0"},
      {"other method", Request("GET", "/"), 405, Form::kAws, unknown, "other methods", "POST, OPTIONS"},
      {"unknown operation", Aws("{}", "AWSStepFunctions.SendTaskSucces"), 400, Form::kAws, unknown,
       "did you mean 'SendTaskSuccess'?"},
      {"other service", Aws("{}", "DynamoDB_20120810.GetItem"), 400, Form::kAws, unknown, "DynamoDB_20120810.GetItem"},
      {"large output", AwsOutput(kLarge), 400, Form::kAws, "ValidationException", "262144"},
      {"large token", Aws(Json{{"taskToken", std::string(2049, 'x')}, {"output", "1"}}.dump()), 400, Form::kAws,
       "ValidationException", "taskToken"},
      {"large body", Aws(kHuge), 413, Form::kAws, "RequestEntityTooLargeException", "8388608 bytes"},
  };
}

std::vector<Abuse> AbuseTest::CallbackAbuses() const {
  const char* const field = "INVALID_FIELD";
  return {
      {"malformed", Callback("{\n oops}"), 400, Form::kPage, field, "line 2, column 2"},
      {"twice", Callback(R"({"error":"a","error":"b"})", "fail"), 400, Form::kPage, field, "\\\"error\\\" twice"},
      {"no UTF-8", Callback("\"\xff\""), 400, Form::kPage, field, "UTF-8"},
      {"no UTF-8 in a form", Callback("a=%ff", "succeed", "application/x-www-form-urlencoded"), 400, Form::kPage, field,
       "UTF-8"},
      {"half an escape", Callback("a=%f", "succeed", "application/x-www-form-urlencoded"), 400, Form::kPage, field,
       "percent sign"},
      {"deep", Callback(kDeep), 400, Form::kPage, field, "128 levels"},
      {"no number", Callback("-"), 400, Form::kPage, field, "line 1, column "},
      {"other type", Callback("--x", "succeed", "multipart/form-data; boundary=x"), 415, Form::kPage, field,
       "application/x-www-form-urlencoded"},
      {"other method", Request("DELETE", page_ + "/succeed"), 405, Form::kRest, "METHOD_NOT_ALLOWED", "other methods",
       "GET, HEAD, POST, OPTIONS"},
      {"unknown action", Callback("{}", "succed"), 404, Form::kRest, "NO_SUCH_ROUTE", "/c/{token}/succeed"},
      {"large output", Callback(kLarge), 400, Form::kPage, field, "262144"},
      {"large token", Request("POST", "/c/" + std::string(2049, 'x') + "/succeed"), 400, Form::kPage, field, "2048"},
      {"large body", Callback(kHuge), 413, Form::kRest, "BODY_TOO_LARGE", "8388608 bytes (http.max_body_size)"},
  };
}

void AbuseTest::Check(const Abuse& abuse) {
  SCOPED_TRACE(abuse.name);
  const Answer answer = Send(abuse.request);
  EXPECT_EQ(answer.status, abuse.status) << answer.raw.body;
  EXPECT_EQ(answer.raw.Field("Allow"), abuse.allow);
  EXPECT_THAT(answer.raw.body, HasSubstr(abuse.says));
  EXPECT_THAT(answer.raw.body, testing::Not(HasSubstr(token_)));
  EXPECT_LT(answer.raw.body.size(), 2'000u);
  if (abuse.form == Form::kAws) {
    EXPECT_EQ(answer.raw.Field("Content-Type"), "application/x-amz-json-1.0");
    EXPECT_EQ(answer.raw.Field("x-amzn-ErrorType"), abuse.error);
    EXPECT_THAT(answer.body.value("__type", ""), testing::EndsWith("#" + abuse.error));
    return;
  }
  EXPECT_EQ(answer.raw.Field("Content-Type"), "application/json");
  EXPECT_EQ(answer.body["error"].value("code", 0), abuse.status);
  EXPECT_EQ(answer.Reason(), abuse.error);
  EXPECT_EQ(answer.raw.Field("Cache-Control"), abuse.form == Form::kPage ? "no-store" : "");
}

TEST_F(AbuseTest, EachDoorSaysWhatIsWrongInItsOwnFormAndChangesNothing) {
  const uint64_t before = broker_->GetStatus().last_sequence;
  for (const Abuse& abuse : RestAbuses()) Check(abuse);
  for (const Abuse& abuse : AwsAbuses()) Check(abuse);
  for (const Abuse& abuse : CallbackAbuses()) Check(abuse);
  EXPECT_EQ(broker_->GetStatus().last_sequence, before);
  EXPECT_EQ(Look(id_).state(), pb::TASK_STATE_WAITING);
}

// Framing that two readers could read in two ways, in front of a request that would change something.
TEST_F(AbuseTest, WhatHidesBehindARequestIsNotRun) {
  const std::string hidden = Rest(R"({"output":"1"})");
  for (const std::string& target : {rest_, std::string("/"), page_ + "/succeed"}) {
    const std::string head = "POST " + target + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    for (const char* fields :
         {"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          "Content-Length: 0\r\nContent-Length: 4\r\n\r\n", "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
          "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
      SCOPED_TRACE(target + " " + fields);
      http::RawPeer peer(port());
      peer.Send(head + fields + hidden);
      EXPECT_EQ(peer.ReadAnswer().status, 400);
      EXPECT_EQ(peer.ReadAll(), "");
    }
  }
  EXPECT_EQ(Look(id_).state(), pb::TASK_STATE_WAITING);
}

TEST_F(AbuseTest, HalfARequestAtAnyDoorChangesNothing) {
  const uint64_t before = broker_->GetStatus().last_sequence;
  for (const std::string& whole : {Rest(R"({"output":"1"})"), AwsOutput("1"), Callback("1")}) {
    for (size_t size = 1; size < whole.size(); size += 7) {
      http::RawPeer peer(port());
      peer.Send(whole.substr(0, size));
    }
  }
  EXPECT_TRUE(Eventually([&] { return metrics_.http_connections.Value() == 0; }));
  EXPECT_EQ(broker_->GetStatus().last_sequence, before);
}

TEST_F(AbuseTest, AFloodOfHeadersIsRefused) {
  for (const std::string& target : {rest_, std::string("/"), page_ + "/succeed"}) {
    EXPECT_EQ(Send(Request("POST", target, Headers(200, {"X-Flood", "x"}), "{}")).status, 431);
    http::RawPeer peer(port());
    peer.Send("POST " + target + " HTTP/1.1\r\nHost: x\r\nX-Flood: " + std::string(100'000, 'x'));
    EXPECT_EQ(peer.ReadAnswer().status, 431);
  }
  EXPECT_EQ(Look(id_).state(), pb::TASK_STATE_WAITING);
}

}  // namespace
}  // namespace tokenbroker::web
