// Who may call, and which pages may make a browser call.
#include "tests/web/web_fixture.h"

namespace tokenbroker::web {
namespace {

class AuthTest : public WebFixture {
 protected:
  AuthConfig Auth() override {
    AuthConfig config;
    config.mode = AuthMode::kKeys;
    config.keys = {KeyOf("engine", "engine-key", {{"demo", kIssue | kRead}}),
                   KeyOf("worker", "worker-key", {{"demo", kResolve}})};
    return config;
  }
};

class OriginTest : public WebFixture {};

TEST_F(AuthTest, AKeyGivesItsRights) {
  key_ = "engine-key";
  const Answer issued = Post("/v1/namespaces/demo/tasks", {{"correlationKey", "order-1"}});
  ASSERT_EQ(issued.status, 200);
  EXPECT_EQ(Look(issued.body["taskId"]).issued_by(), "key:engine");
  EXPECT_EQ(Post("/v1/namespaces/demo/keys/order-1:succeed", {{"output", "1"}}).status, 403);
  EXPECT_EQ(Post("/v1/namespaces/other/tasks", Json::object()).Reason(), "PERMISSION_DENIED");
  key_ = "worker-key";
  EXPECT_EQ(Post("/v1/namespaces/demo/keys/order-1:succeed", {{"output", "1"}}).status, 200);
}

TEST_F(AuthTest, ATokenSufficesForItsOwnTask) {
  key_ = "engine-key";
  const std::string token = Post("/v1/namespaces/demo/tasks", Json::object()).body["token"];
  key_.clear();
  EXPECT_EQ(Get("/v1/tokens/" + token).status, 200);
  EXPECT_EQ(Get("/v1/namespaces/demo/tasks").status, 403);
  EXPECT_EQ(Post("/v1/tasks:succeed", {{"task", {{"token", token}}}, {"output", "1"}}).status, 200);
}

TEST_F(AuthTest, AWrongKeyIsToldHowToShowARightOne) {
  key_ = "no-such-key";
  for (const Answer& answer :
       {Get("/v1/namespaces/demo/tasks"), Get("/v1/namespaces/demo/tasks:watch"),
        Post("/v1/namespaces/demo/tasks", Json::object()), PostText("/v1/namespaces/demo/tasks", "malformed"),
        PostText("/v1/settlements:stream", "{}\n", {{"Content-Type", "application/x-ndjson"}})}) {
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(answer.Reason(), "CREDENTIALS_UNKNOWN");
    EXPECT_EQ(answer.raw.Field("WWW-Authenticate"), "Bearer");
  }
  key_.clear();
  EXPECT_EQ(Get("/v1/status", {{"Authorization", "Basic Zm9vOmJhcg=="}}).status, 401);
}

TEST_F(OriginTest, PagesOfOtherSitesMayNotChangeAnything) {
  const auto issued = IssueWithKey("order-1");
  const std::string path = "/v1/tokens/" + issued.token() + ":succeed";
  for (const char* origin : {"https://elsewhere.example", "null", "http://broker:8434", "http://broker:8433.example"}) {
    const Answer answer = Post(path, {{"output", "1"}}, {{"Origin", origin}});
    EXPECT_EQ(answer.status, 403) << origin;
    EXPECT_EQ(answer.Reason(), "PERMISSION_DENIED");
    const Answer lines =
        PostText("/v1/settlements:stream", "{}\n", {{"Content-Type", "application/x-ndjson"}, {"Origin", origin}});
    EXPECT_EQ(lines.status, 403) << origin;
  }
  EXPECT_EQ(Look(issued.task_id()).state(), pb::TASK_STATE_WAITING);
  EXPECT_EQ(Post(path, {{"output", "1"}}, {{"Origin", "http://BROKER:8433"}}).status, 200);
}

TEST_F(OriginTest, ReadingIsTheBrowsersOwnAffair) {
  const Answer answer = Get("/v1/status", {{"Origin", "https://elsewhere.example"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.raw.Field("Access-Control-Allow-Origin"), "") << "it shows the answer to no other page";
  EXPECT_EQ(Send(Request("HEAD", "/v1/status", {{"Origin", "https://elsewhere.example"}})).status, 200);
}

// What a form of another site can send without being asked.
TEST_F(OriginTest, FormsAndPlainTextAreNoRequests) {
  const auto issued = IssueWithKey("order-1");
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""}) {
    const Answer answer =
        PostText("/v1/tokens/" + issued.token() + ":succeed", R"({"output": "1"})", {{"Content-Type", type}});
    EXPECT_EQ(answer.status, 400) << type;
    EXPECT_EQ(answer.Field(), "Content-Type") << type;
  }
  EXPECT_EQ(Look(issued.task_id()).state(), pb::TASK_STATE_WAITING);
  for (const char* type : {"application/json", "Application/JSON; charset=utf-8"}) {
    EXPECT_EQ(
        PostText("/v1/tasks:get", Json{{"task", {{"token", issued.token()}}}}.dump(), {{"Content-Type", type}}).status,
        200);
  }
}

}  // namespace
}  // namespace tokenbroker::web
