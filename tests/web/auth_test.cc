// Who may call, and which pages may make a browser call.
#include <gmock/gmock.h>

#include "server/web/sites.h"
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
  EXPECT_EQ(Get("/v1/namespaces/demo/tasks").status, 401);
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

TEST_F(AuthTest, WhoShowsNothingIsToldToShowAKey) {
  for (const Answer& answer : {Get("/v1/namespaces/demo/tasks"), Get("/v1/namespaces/demo/tasks:watch"),
                               Post("/v1/namespaces/demo/tasks", Json::object()),
                               Post("/v1/namespaces/demo/keys/order-1:cancel", Json::object())}) {
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(answer.Reason(), "CREDENTIALS_UNKNOWN");
    EXPECT_EQ(answer.raw.Field("WWW-Authenticate"), "Bearer");
    EXPECT_THAT(answer.Message(), testing::HasSubstr(R"(in namespace "demo"; no API key was presented)"));
  }
  key_ = "worker-key";
  EXPECT_EQ(Get("/v1/namespaces/demo/tasks").status, 403) << "who is known is forbidden";
}

TEST_F(OriginTest, PagesOfOtherSitesMayNotChangeAnything) {
  const auto issued = IssueWithKey("order-1");
  const std::string path = "/v1/tokens/" + issued.token() + ":succeed";
  for (const char* origin :
       {"https://elsewhere.example", "null", "http://localhost:8434", "http://localhost:8433.example"}) {
    const Answer answer = Post(path, {{"output", "1"}}, {{"Origin", origin}});
    EXPECT_EQ(answer.status, 403) << origin;
    EXPECT_EQ(answer.Reason(), "PERMISSION_DENIED");
    const Answer lines =
        PostText("/v1/settlements:stream", "{}\n", {{"Content-Type", "application/x-ndjson"}, {"Origin", origin}});
    EXPECT_EQ(lines.status, 403) << origin;
  }
  EXPECT_EQ(Look(issued.task_id()).state(), pb::TASK_STATE_WAITING);
  EXPECT_EQ(Post(path, {{"output", "1"}}, {{"Origin", "http://LOCALHOST:8433"}}).status, 200);
}

TEST_F(OriginTest, ReadingIsTheBrowsersOwnAffair) {
  const Answer answer = Get("/v1/status", {{"Origin", "https://elsewhere.example"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.raw.Field("Access-Control-Allow-Origin"), "") << "it shows the answer to no other page";
  EXPECT_EQ(Send(Request("HEAD", "/v1/status", {{"Origin", "https://elsewhere.example"}})).status, 200);
}

// A page of another name that was made to stand for the broker's address: the browser takes both for the same site.
const std::vector<std::pair<std::string, std::string>> kReboundPage = {{"Origin", "http://evil.example:8433"},
                                                                       {"Sec-Fetch-Site", "same-origin"}};

TEST_F(OriginTest, PagesThatGaveTheBrokerANameOfTheirOwnMayDoNothing) {
  const auto issued = IssueWithKey("order-1");
  host_ = "evil.example:8433";
  for (const auto& mark : kReboundPage) {
    for (const Answer& answer :
         {Post("/v1/tokens/" + issued.token() + ":succeed", {{"output", "1"}}, {mark}),
          Post("/v1/namespaces/demo/tasks", Json::object(), {mark}), Get("/v1/namespaces/demo/tasks", {mark}),
          Send(Request("HEAD", "/v1/status", {mark})), Get("/v1/namespaces/demo/tasks:watch", {mark}),
          Post("/v1/namespaces/demo/events", Json::object(), {mark}),
          PostText("/v1/settlements:stream", "{}\n", {{"Content-Type", "application/x-ndjson"}, mark})}) {
      EXPECT_EQ(answer.status, 403) << mark.first << "\n" << answer.raw.body;
    }
    EXPECT_THAT(Get("/v1/status", {mark}).Message(), testing::HasSubstr("http.listen or http.cors.origins"));
  }
  EXPECT_EQ(Look(issued.task_id()).state(), pb::TASK_STATE_WAITING);
}

TEST_F(OriginTest, PagesOfAddressesAndOfThisMachineMayCall) {
  for (const char* host :
       {"127.0.0.1:8433", "[::1]:8433", "192.0.2.1", "localhost", "LocalHost:1", "app.localhost:8433"}) {
    host_ = host;
    EXPECT_EQ(Get("/v1/status", {{"Sec-Fetch-Site", "same-origin"}}).status, 200) << host;
    EXPECT_EQ(Post("/v1/namespaces/demo/tasks", Json::object(), {{"Origin", "http://" + host_}}).status, 200) << host;
  }
  for (const char* host : {"localhost.example", "notlocalhost", "127.0.0.1.example:8433", "evil.example:127", "."}) {
    host_ = host;
    EXPECT_EQ(Get("/v1/status", {{"Sec-Fetch-Site", "same-origin"}}).status, 403) << host;
  }
}

TEST_F(OriginTest, TheHostOfAnAbsoluteTargetCounts) {
  const auto ask = [&](const char* target, const char* host) {
    http::RawPeer peer(port());
    peer.Send(std::string("GET ") + target + " HTTP/1.1\r\nHost: " + host + "\r\nSec-Fetch-Site: same-origin\r\n\r\n");
    return peer.ReadAnswer().status;
  };
  EXPECT_EQ(ask("http://evil.example/v1/status", "localhost:8433"), 403);
  EXPECT_EQ(ask("http://localhost:8433/v1/status", "evil.example"), 200);
}

// Over plain HTTP a browser does not say that a page reads.
TEST_F(OriginTest, OnLoopbackNobodyCallsByAnotherName) {
  host_ = "broker:8433";
  EXPECT_EQ(Get("/v1/status").status, 403);
  EXPECT_EQ(Post("/v1/namespaces/demo/tasks", Json::object()).status, 403);
}

TEST(SitesTest, ElsewhereWhoIsNoPageCallsByAnyName) {
  HttpConfig config;
  config.listen = "0.0.0.0:8433";
  const Sites sites(config, /*open=*/true);
  const auto refused = [&](std::vector<http::Header> headers) {
    http::Request request;
    request.headers = std::move(headers);
    request.headers.push_back({"Host", "broker:8433"});
    return static_cast<bool>(sites.Check(request));
  };
  EXPECT_FALSE(refused({}));
  EXPECT_FALSE(refused({{"Sec-Fetch-Site", "none"}})) << "somebody typed the address";
  EXPECT_TRUE(refused({{"Sec-Fetch-Site", "same-origin"}}));
}

class NamedHostTest : public WebFixture {
 protected:
  void SetUp() override {
    config_.http.cors.origins = {"https://broker.example", "https://console.example"};
    WebFixture::SetUp();
  }
};

TEST_F(NamedHostTest, PagesOfAHostThatIsNamedMayCall) {
  host_ = "Broker.example";
  EXPECT_EQ(Get("/v1/status", {{"Sec-Fetch-Site", "same-origin"}}).status, 200);
  EXPECT_EQ(Post("/v1/namespaces/demo/tasks", Json::object(), {{"Origin", "https://broker.example"}}).status, 200);
  host_ = "evil.example";
  EXPECT_EQ(Get("/v1/status", {{"Sec-Fetch-Site", "same-origin"}}).status, 403);
  EXPECT_EQ(Get("/v1/status", {{"Origin", "https://console.example"}}).status, 200) << "the page itself is named";
}

TEST_F(AuthTest, WithKeysAPageMayCallByAnyName) {
  key_ = "engine-key";
  host_ = "broker.example";
  EXPECT_EQ(Get("/v1/namespaces/demo/tasks", {{"Sec-Fetch-Site", "same-origin"}}).status, 200);
  EXPECT_EQ(Post("/v1/namespaces/demo/tasks", Json::object(), {{"Origin", "https://broker.example"}}).status, 200);
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
