// Every call of the contract, by every path that its annotations give it.
#include <map>
#include <random>

#include "absl/strings/str_replace.h"
#include "server/rest/route_table.h"
#include "tests/web/web_fixture.h"

namespace tokenbroker::web {
namespace {

class RestTest : public WebFixture {
 protected:
  void SetUp() override {
    WebFixture::SetUp();
    auto routes = rest::ContractRoutes();
    ASSERT_TRUE(routes.ok());
    routes_.emplace(*std::move(routes));
  }

  // Of a task that is there, one for each route.
  struct Subject {
    std::string key, id, token;
  };
  Subject NewSubject() {
    const std::string key = "order-" + std::to_string(++subjects_);
    const auto issued = IssueWithKey(key);
    return {key, issued.task_id(), issued.token()};
  }

  static std::string PathOf(const std::string& path, const Subject& subject) {
    return absl::StrReplaceAll(path, {{"{namespace}", "demo"},
                                      {"{task.key.namespace}", "demo"},
                                      {"{task.key.key}", subject.key},
                                      {"{task.task_id}", subject.id},
                                      {"{task.token}", subject.token}});
  }

  // What the call wants besides its task.
  static Json BodyOf(const std::string& method, const Subject& subject) {
    const Json task = {{"token", subject.token}};
    if (method == "Succeed") return {{"output", "1"}};
    if (method == "ExtendDeadline") return {{"timeout", "3600s"}};
    if (method == "BatchIssueTasks") return {{"items", {{{"namespace", "demo"}}}}};
    if (method == "BatchGetTasks") return {{"tasks", {task}}};
    if (method == "BatchHeartbeat") return {{"items", {{{"task", task}}}}};
    if (method == "BatchSettle") return {{"items", {{{"succeed", {{"task", task}, {"output", "1"}}}}}}};
    if (method == "SettleStream") return BodyOf("BatchSettle", subject);
    if (method == "PeekTask") return {{"succeed", {{"task", task}, {"output", "1"}}}};
    if (method == "CreateBackup") return {{"path", "/nowhere"}};
    return Json::object();
  }

  Answer Ask(const rest::Route& route, const std::string& path, const Subject& subject) {
    const std::string& method = route.method->name();
    std::string target = PathOf(path, subject);
    if (method == "AwaitTask") target += route.body == rest::BodyRule::kNone ? "?wait=0s" : "";
    if (route.body == rest::BodyRule::kNone) return Get(target);
    Json body = BodyOf(method, subject);
    if (method == "AwaitTask") body["wait"] = "0s";
    const bool by_body = path.find('{') == std::string::npos && route.method->input_type()->FindFieldByName("task");
    if (by_body) body["task"] = {{"token", subject.token}};
    const bool lines = route.method->client_streaming();
    return PostText(target, body.dump(), {{"Content-Type", lines ? "application/x-ndjson" : "application/json"}});
  }

  void ExpectServed(const rest::Route& route, const std::string& path) {
    SCOPED_TRACE(route.http_method + " " + path);
    const Subject subject = NewSubject();
    if (route.method->server_streaming() && !route.method->client_streaming()) {
      StreamPeer peer(port());
      peer.Send(Request(route.http_method, PathOf(path, subject)));
      const http::RawAnswer head = peer.ReadHead();
      EXPECT_EQ(head.status, 200);
      EXPECT_EQ(head.Field("Content-Type"), "text/event-stream");
      return;
    }
    const Answer answer = Ask(route, path, subject);
    // Where there is nothing to do, the call itself must say so.
    const std::map<std::string, std::string> refused = {{"CreateBackup", "INVALID_FIELD"},
                                                        {"GetDelivery", "DELIVERY_UNKNOWN"},
                                                        {"RedriveDeliveries", "DELIVERY_UNKNOWN"},
                                                        {"DropDelivery", "DELIVERY_UNKNOWN"},
                                                        {"DropDeliveries", "INVALID_FIELD"}};
    const auto reason = refused.find(route.method->name());
    if (reason != refused.end()) {
      EXPECT_EQ(answer.Reason(), reason->second) << answer.raw.body;
    } else {
      EXPECT_EQ(answer.status, 200) << answer.raw.body;
    }
  }

  std::optional<rest::RouteTable> routes_;
  int subjects_ = 0;
};

TEST_F(RestTest, EveryRouteIsServed) {
  for (const auto& route : routes_->routes()) ExpectServed(*route, route->path);
  EXPECT_GT(routes_->routes().size(), 30u);
}

TEST_F(RestTest, EveryVerbMayStandBehindASlash) {
  for (const auto& route : routes_->routes()) {
    if (route->verb.empty()) continue;
    ExpectServed(*route, route->path.substr(0, route->path.rfind(':')) + "/" + route->verb);
  }
}

TEST_F(RestTest, ATaskGoesItsWay) {
  const Answer issued = Post("/v1/namespaces/demo/tasks", {{"correlationKey", "order-1"}, {"input", "{\"a\": 1}"}});
  ASSERT_EQ(issued.status, 200) << issued.raw.body;
  EXPECT_EQ(issued.raw.Field("Content-Type"), "application/json");
  EXPECT_EQ(issued.body["state"], "TASK_STATE_WAITING");
  const std::string token = issued.body["token"];
  EXPECT_EQ(Get("/v1/tokens/" + token).body["task"]["input"], "{\"a\": 1}");
  EXPECT_EQ(Post("/v1/tokens/" + token + ":succeed", {{"output", "[7]"}}).body["verdict"], "VERDICT_ACCEPTED");
  const Answer read = Get("/v1/namespaces/demo/keys/order-1");
  EXPECT_EQ(read.body["task"]["state"], "TASK_STATE_SUCCEEDED");
  EXPECT_EQ(read.body["task"]["outcome"]["output"], "[7]");
}

TEST_F(RestTest, AnEmptyListIsThere) { EXPECT_EQ(Get("/v1/namespaces/demo/tasks").body["tasks"], Json::array()); }

TEST_F(RestTest, TheIdempotencyKeyIsTheRequestId) {
  const Headers once = {{"Idempotency-Key", "r-1"}};
  const Answer first = Post("/v1/namespaces/demo/tasks", Json::object(), once);
  const Answer again = Post("/v1/namespaces/demo/tasks", Json::object(), once);
  EXPECT_EQ(again.body["taskId"], first.body["taskId"]);
  EXPECT_EQ(again.body["replayed"], true);
  EXPECT_EQ(Post("/v1/namespaces/demo/tasks", {{"summary", "another"}}, once).Reason(), "REQUEST_ID_REUSED");
  EXPECT_EQ(Post("/v1/namespaces/demo/tasks", {{"requestId", "r-2"}}, once).Reason(), "INVALID_FIELD");
}

TEST_F(RestTest, PathAndBodyMustNotContradict) {
  const Subject subject = NewSubject();
  const std::string path = "/v1/tasks/" + subject.id + ":succeed";
  EXPECT_EQ(Post(path, {{"output", "1"}, {"task", {{"taskId", "other"}}}}).status, 400);
  EXPECT_EQ(Post(path, {{"output", "1"}, {"task", {{"taskId", subject.id}}}}).status, 200);
}

TEST_F(RestTest, AKeyMayLookLikeAVerbIfItIsEncoded) {
  IssueWithKey("odd:succeed");
  EXPECT_EQ(Get("/v1/namespaces/demo/keys/odd%3Asucceed").body["task"]["correlationKey"], "odd:succeed");
  EXPECT_EQ(Post("/v1/namespaces/demo/keys/odd%3Asucceed:fail", {{"error", "E"}}).body["verdict"], "VERDICT_ACCEPTED");
}

TEST_F(RestTest, HeadIsGetWithoutABody) {
  const Subject subject = NewSubject();
  const Answer head = Send(Request("HEAD", "/v1/tasks/" + subject.id));
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.raw.Field("Content-Length"), Get("/v1/tasks/" + subject.id).raw.Field("Content-Length"));
}

TEST_F(RestTest, OtherMethodsAndUnknownPathsAreToldSo) {
  const Answer other = Send(Request("DELETE", "/v1/tokens/x:succeed"));
  EXPECT_EQ(other.status, 405);
  EXPECT_NE(other.raw.Field("Allow").find("POST"), std::string::npos);
  EXPECT_EQ(other.body["error"]["code"], 405);
  EXPECT_EQ(other.body["error"]["status"], "UNIMPLEMENTED");
  const Answer unknown = Get("/v1/namespace/demo/tasks");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_NE(unknown.Message().find("/v1/namespaces/{namespace}/tasks"), std::string::npos) << unknown.Message();
}

// The server's router decodes what it compares, the contract's table does not.
TEST_F(RestTest, PathsThatTheRoutersReadDifferentlyAreRefused) {
  EXPECT_EQ(Get("/%761/status").status, 404);
  EXPECT_EQ(Post("/v1/tasks%3Aget", Json::object()).status, 404);
  const Answer other = Get("/v1/tokens/abc:heartbeat");
  EXPECT_EQ(other.status, 405);
  EXPECT_NE(other.raw.Field("Allow").find("POST"), std::string::npos);
  EXPECT_EQ(Get("/v1/status").status, 200) << "and lives on";
}

TEST_F(RestTest, NoPathOfFamiliarWordsBringsItDown) {
  const std::vector<std::string> words = {"v1",   "namespaces", "demo",  "tasks",   "keys",  "tokens", "settlements",
                                          "x",    "heartbeats", "await", "succeed", "get",   "batch",  "peek",
                                          "list", "%76%31",     "",      "status",  "%3Aget"};
  std::minstd_rand random(7);
  http::RawPeer peer(port());
  for (int i = 0; i < 3'000; ++i) {
    std::string path = random() % 4 != 0 ? "/v1" : "";
    for (int parts = 1 + random() % 5; parts > 0; --parts) {
      path += (random() % 3 == 0 ? ":" : "/") + words[random() % words.size()];
    }
    if (path[0] != '/' || path.find("watch") != std::string::npos) path = "/" + path;
    const bool get = random() % 2 == 0;
    ASSERT_TRUE(peer.Send(Request(get ? "GET" : "POST", path)));
    const http::RawAnswer answer = peer.ReadAnswer();
    ASSERT_TRUE(answer.status >= 200 && answer.status < 500) << path << " " << answer.status;
  }
}

TEST_F(RestTest, TheOpenApiDocumentIsServed) {
  const Answer answer = Get("/openapi.json");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body["openapi"].get<std::string>().substr(0, 3), "3.1");
}

TEST_F(RestTest, TheOpenApiDocumentIsSentToWhoHasItNotAlone) {
  const std::string tag(Get("/openapi.json").raw.Field("ETag"));
  ASSERT_GT(tag.size(), 2u);
  EXPECT_EQ(tag.front(), '"');
  for (const std::string& known : {tag, R"("other", )" + tag, "W/" + tag, std::string("*")}) {
    const Answer answer = Get("/openapi.json", {{"If-None-Match", known}});
    EXPECT_EQ(answer.status, 304) << known;
    EXPECT_EQ(answer.raw.body, "");
    EXPECT_EQ(answer.raw.Field("ETag"), tag);
  }
  EXPECT_EQ(Get("/openapi.json", {{"If-None-Match", R"("other")"}}).status, 200);
}

}  // namespace
}  // namespace tokenbroker::web
