// What is no request is told precisely what is wrong, and changes nothing.
#include "tests/web/web_fixture.h"

namespace tokenbroker::web {
namespace {

class BadInputTest : public WebFixture {
 protected:
  void SetUp() override {
    WebFixture::SetUp();
    issued_ = IssueWithKey("order-1");
    path_ = "/v1/tokens/" + issued_.token() + ":succeed";
  }
  void TearDown() override {
    EXPECT_EQ(Look(issued_.task_id()).state(), pb::TASK_STATE_WAITING);
    WebFixture::TearDown();
  }

  void ExpectRefused(const std::string& body, const std::string& field, const std::string& text) {
    const Answer answer = PostText(path_, body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_EQ(answer.Reason(), "INVALID_FIELD") << body;
    EXPECT_EQ(answer.Field(), field) << body;
    EXPECT_NE(answer.Message().find(text), std::string::npos) << answer.Message();
  }

  pb::IssueTaskResponse issued_;
  std::string path_;
};

TEST_F(BadInputTest, MalformedJsonIsShownByLineAndColumn) {
  ExpectRefused("{\"output\": \"1\",\n  oops}", "", "line 2, column 3");
  ExpectRefused("{\"output\": \"1\"", "", "line 1, column ");
  ExpectRefused("{\"output\": \"1\"} trailing", "", "line 1, column 17");
  ExpectRefused("nonsense", "", "line 1, column 1");
}

TEST_F(BadInputTest, NamesAreKnownAndComeOnce) {
  ExpectRefused(R"({"output": "1", "output": "2"})", "output", "line 1, column ");
  ExpectRefused(R"({"outputt": "1"})", "outputt", "output");
  ExpectRefused(R"({"requestId": "1", "request_id": "2"})", "request_id", "");
  ExpectRefused(R"({"output": "1", "task": {"token": "x", "taskId": "y"}})", "task.task_id", "");
}

TEST_F(BadInputTest, TextIsUtf8) {
  ExpectRefused("{\"output\": \"\"\xff\"\"}", "", "");
  ExpectRefused("{\"requestId\": \"\xc3\x28\"}", "", "UTF-8");
  EXPECT_EQ(Get("/v1/namespaces/demo/keys/%ff").status, 400);
  EXPECT_EQ(Get("/v1/namespaces/demo/tasks?filter.correlationKeyPrefix=%ff").status, 400);
  EXPECT_EQ(PostText("/v1/namespaces/demo/tasks", "{}", {{"Idempotency-Key", "\xff"}}).status, 400);
}

TEST_F(BadInputTest, NestingHasABound) {
  ExpectRefused(std::string(200, '[') + std::string(200, ']'), "", "128");
  ExpectRefused("{\"task\": " + std::string(100'000, '{'), "", "");
  const std::string output = "\"" + std::string(200, '[') + std::string(200, ']') + "\"";
  EXPECT_EQ(PostText(path_, "{\"output\": " + output + "}").status, 400) << "the output's own";
}

TEST_F(BadInputTest, ValuesAreOfTheirTypes) {
  ExpectRefused(R"({"output": 1})", "output", "");
  ExpectRefused(R"({"parkFor": "soon"})", "park_for", "");
  ExpectRefused(R"({"parkFor": "99999999999999999999s"})", "park_for", "");
  EXPECT_EQ(Post("/v1/namespaces/demo/tasks", {{"attempt", -1}}).Field(), "attempt");
  EXPECT_EQ(PostText("/v1/namespaces/demo/tasks", "{\"attempt\": 99999999999999999999}").Field(), "attempt");
  EXPECT_EQ(Get("/v1/namespaces/demo/tasks?pageSize=many").status, 400);
  EXPECT_EQ(Get("/v1/namespaces/demo/tasks?pageSize=1&pageSize=2").status, 400);
  EXPECT_EQ(Get("/v1/namespaces/demo/tasks?nonsense=1").status, 400);
  EXPECT_EQ(Get("/v1/namespaces/demo/tasks?filter.states=TASK_STATE_NONSENSE").status, 400);
}

TEST_F(BadInputTest, FieldsHaveTheirBounds) {
  EXPECT_EQ(Post(path_, {{"output", "\"" + std::string(300'000, 'x') + "\""}}).Field(), "output");
  EXPECT_EQ(Post(path_, {{"output", "1"}, {"requestId", std::string(129, 'x')}}).Field(), "request_id");
  EXPECT_EQ(Post("/v1/namespaces/demo/tasks", {{"correlationKey", std::string(257, 'x')}}).Field(), "correlation_key");
  EXPECT_EQ(Post("/v1/namespaces/" + std::string(65, 'x') + "/tasks", Json::object()).Field(), "namespace");
}

TEST_F(BadInputTest, BodiesHaveABound) {
  http::RawPeer peer(port());
  peer.Send("POST " + path_ +
            " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9000000\r\n\r\n");
  const http::RawAnswer answer = peer.ReadAnswer();
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.Field("Content-Type"), "application/json");
  const Json body = Json::parse(answer.body, nullptr, false);
  EXPECT_EQ(body["error"]["code"], 413) << answer.body;
}

TEST_F(BadInputTest, AwsClientsFindTheIdOfTheRequestInEveryAnswer) {
  for (const char* head :
       {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000\r\n", "GET / HTTP/1.1\r\nHost: x\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 0\r\n"}) {
    http::RawPeer peer(port());
    peer.Send(std::string(head) + "X-Request-Id: mine\r\n\r\n");
    const http::RawAnswer answer = peer.ReadAnswer();
    EXPECT_GE(answer.status, 400);
    EXPECT_EQ(answer.Field("x-amzn-RequestId"), "mine") << head << answer.body;
  }
}

TEST_F(BadInputTest, GetTakesNoBody) {
  EXPECT_EQ(Send(Request("GET", "/v1/status", {{"Content-Length", "2"}}, "{}")).status, 400);
}

TEST_F(BadInputTest, HalfARequestChangesNothing) {
  {
    http::RawPeer peer(port());
    peer.Send("POST " + path_ +
              " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n" +
              R"({"output": "1"})");
  }
  EXPECT_TRUE(Eventually([&] { return metrics_.http_connections.Value() == 0; }));
}

TEST_F(BadInputTest, SecretsAreNotQuoted) {
  const std::string secret = "s3cr3t-s3cr3t";
  for (const Answer& answer : {PostText(path_, "{\"output\": " + secret + "}"), Post(path_, {{"output", secret}}),
                               Post("/v1/tasks:get", {{"task", {{"token", secret}}}}), Get("/v1/tokens/" + secret)}) {
    EXPECT_GE(answer.status, 400);
    EXPECT_EQ(answer.raw.body.find(secret), std::string::npos) << answer.raw.body;
  }
}

}  // namespace
}  // namespace tokenbroker::web
