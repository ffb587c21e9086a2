// What is set reaches the HTTP server and the callback door.
#include <gmock/gmock.h>

#include "server/web/http_options.h"
#include "tests/web/web_fixture.h"

namespace tokenbroker::web {
namespace {

constexpr char kConsole[] = "https://console.example";

TEST(HttpOptions, TheDefaultsAreTheServersOwn) {
  const http::ServerOptions set = OptionsOf({}, {});
  const http::ServerOptions own;
  EXPECT_EQ(set.threads, own.threads);
  EXPECT_EQ(set.cors.allowed_origins, own.cors.allowed_origins);
  EXPECT_EQ(set.cors.max_age, own.cors.max_age);
  EXPECT_EQ(set.tls.reload_interval, own.tls.reload_interval);
  EXPECT_EQ(set.limits, own.limits);
}

TEST(HttpOptions, EachSettingHasItsPlace) {
  HttpConfig config;
  config.threads = 2;
  config.max_connections = 3;
  config.max_requests_per_connection = 4;
  config.max_target_size = 5;
  config.max_header_size = 6;
  config.max_header_count = 7;
  config.max_body_size = 8;
  config.bodies_memory = 9;
  config.stream_backlog = 10;
  config.handshake_timeout = 11;
  config.header_timeout = 12;
  config.body_timeout = 13;
  config.min_body_rate = 14;
  config.stream_timeout = 15;
  config.idle_timeout = 16;
  config.write_timeout = 17;
  const http::ServerOptions options = OptionsOf(config, {});
  http::Limits limits;
  limits.connections = 3;
  limits.requests_per_connection = 4;
  limits.target_bytes = 5;
  limits.header_bytes = 6;
  limits.header_count = 7;
  limits.body_bytes = 8;
  limits.gathered_bytes = 9;
  limits.stream_backlog_bytes = 10;
  limits.handshake_time = 11;
  limits.header_time = 12;
  limits.body_grace = 13;
  limits.body_rate = 14;
  limits.stream_idle_time = 15;
  limits.idle_time = 16;
  limits.write_stall_time = 17;
  EXPECT_EQ(options.threads, 2);
  EXPECT_EQ(options.limits, limits);
}

class SmallTest : public WebFixture {
 protected:
  void SetUp() override {
    config_.http.threads = 2;
    config_.http.max_target_size = 1024;
    config_.http.max_header_size = 2048;
    config_.http.max_header_count = 10;
    config_.http.max_body_size = 4096;
    config_.http.max_requests_per_connection = 2;
    WebFixture::SetUp();
  }
};

TEST_F(SmallTest, WhatIsBeyondABoundIsRefused) {
  EXPECT_EQ(Get("/v1/status").status, 200);
  EXPECT_EQ(Get("/v1/tokens/" + std::string(1100, 'x')).status, 414);
  EXPECT_EQ(Get("/v1/status", {{"X-Large", std::string(2100, 'x')}}).status, 431);
  EXPECT_EQ(Get("/v1/status", Headers(10, {"X-Many", "x"})).status, 431);
  EXPECT_EQ(PostText("/v1/namespaces/demo/tasks", "{" + std::string(4096, ' ') + "}").status, 413);
}

TEST_F(SmallTest, AConnectionEndsAfterItsRequests) {
  http::RawPeer peer(port());
  peer.Send(Request("GET", "/v1/status"));
  EXPECT_EQ(peer.ReadAnswer().Field("Connection"), "");
  peer.Send(Request("GET", "/v1/status"));
  EXPECT_EQ(peer.ReadAnswer().Field("Connection"), "close");
  EXPECT_TRUE(peer.IsClosed());
}

class CorsTest : public WebFixture {
 protected:
  void SetUp() override {
    config_.http.cors.origins = {kConsole};
    config_.http.cors.max_age = 60'000;
    WebFixture::SetUp();
  }
};

TEST_F(CorsTest, PagesOfSitesThatAreNamedMayCall) {
  const Answer asked =
      Send(Request("OPTIONS", "/v1/tasks:succeed", {{"Origin", kConsole}, {"Access-Control-Request-Method", "POST"}}));
  EXPECT_EQ(asked.status, 204);
  EXPECT_EQ(asked.raw.Field("Access-Control-Allow-Origin"), kConsole);
  EXPECT_EQ(asked.raw.Field("Access-Control-Max-Age"), "60");
  EXPECT_THAT(asked.raw.Field("Access-Control-Allow-Headers"), testing::HasSubstr("Authorization"));

  const std::string path = "/v1/tokens/" + IssueWithKey("order-1").token() + ":succeed";
  const Answer other = Post(path, {{"output", "1"}}, {{"Origin", "https://elsewhere.example"}});
  EXPECT_EQ(other.status, 403);
  EXPECT_EQ(other.raw.Field("Access-Control-Allow-Origin"), "");
  const Answer ours = Post(path, {{"output", "1"}}, {{"Origin", kConsole}});
  EXPECT_EQ(ours.status, 200);
  EXPECT_EQ(ours.raw.Field("Access-Control-Allow-Origin"), kConsole);
}

class AnySiteTest : public WebFixture {
 protected:
  void SetUp() override {
    config_.http.cors.origins = {"*"};
    WebFixture::SetUp();
  }
};

TEST_F(AnySiteTest, PagesOfAllSitesMayCall) {
  const Answer answer = Post("/v1/namespaces/demo/tasks", Json::object(), {{"Origin", kConsole}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.raw.Field("Access-Control-Allow-Origin"), kConsole);
}

class CallbacksTest : public WebFixture {
 protected:
  void SetUp() override {
    config_.callbacks.origins = {"https://approve.example"};
    config_.callbacks.show_input = {"demo"};
    WebFixture::SetUp();
  }

  std::string IssueIn(const std::string& name_space) {
    const Json task = {{"input", "{\"amount\": 4711}"}};
    return Post("/v1/namespaces/" + name_space + "/tasks", task).body["token"];
  }
};

TEST_F(CallbacksTest, InputIsShownInTheNamespacesThatAreNamed) {
  EXPECT_THAT(Get("/c/" + IssueIn("demo")).raw.body, testing::HasSubstr("4711"));
  EXPECT_THAT(Get("/c/" + IssueIn("other")).raw.body, testing::Not(testing::HasSubstr("4711")));
}

TEST_F(CallbacksTest, FormsMayComeFromTheOriginThatIsNamed) {
  const std::string token = IssueIn("demo");
  const std::string page = Get("/c/" + token).raw.body;
  const size_t at = page.find("name=\"_form\" value=\"");
  ASSERT_NE(at, std::string::npos);
  const std::string form = "_form=" + page.substr(at + 20, 32);
  const auto press = [&](const char* origin) {
    return PostText(
               "/c/" + token + "/succeed", form,
               {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "text/html"}, {"Origin", origin}})
        .status;
  };
  EXPECT_EQ(press("https://elsewhere.example"), 403);
  EXPECT_EQ(press("https://approve.example"), 303);
}

}  // namespace
}  // namespace tokenbroker::web
