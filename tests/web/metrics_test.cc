// What the HTTP door counts.
#include <gmock/gmock.h>

#include "tests/web/web_fixture.h"

namespace tokenbroker::web {
namespace {

using testing::HasSubstr;

class MetricsTest : public WebFixture {
 protected:
  std::string Metrics() { return registry_.Render(Exposition::kPrometheus); }
  bool Says(const std::string& line) { return Metrics().find("\n" + line + "\n") != std::string::npos; }
};

TEST_F(MetricsTest, RequestsAreCountedByRouteAndStatus) {
  const auto issued = IssueWithKey("order-1");
  const std::string path = "/v1/tokens/" + issued.token();
  EXPECT_EQ(Post(path + ":succeed", {{"output", "1"}}).status, 200);
  EXPECT_EQ(Post(path + "/succeed", {{"output", "1"}}).status, 200);
  EXPECT_EQ(Post(path + ":succeed", {{"output", "2"}}).status, 400);
  EXPECT_EQ(Get("/nothing").status, 404);
  const std::string route = "tokenbroker_http_requests_total{route=\"POST /v1/tokens/{task.token}:succeed\",";
  EXPECT_TRUE(Eventually([&] { return Says(route + "code=\"200\"} 2"); })) << Metrics();
  EXPECT_TRUE(Eventually([&] { return Says(route + "code=\"400\"} 1"); }));
  EXPECT_TRUE(Eventually([&] { return Says("tokenbroker_http_requests_total{route=\"none\",code=\"404\"} 1"); }));
  EXPECT_THAT(Metrics(), HasSubstr("tokenbroker_http_request_duration_seconds_count{route=\"POST /v1/tokens/"));
  EXPECT_THAT(Metrics(), testing::Not(HasSubstr(issued.token())));
}

TEST_F(MetricsTest, CallersWhoLeaveAreCounted) {
  const auto issued = IssueWithKey("order-1");
  {
    http::RawPeer peer(port());
    peer.Send(Request("GET", "/v1/tasks/" + issued.task_id() + ":await?wait=60s"));
    EXPECT_TRUE(Eventually([&] { return broker_->GetStatus().awaits == 1; }));
    EXPECT_TRUE(Says("tokenbroker_http_connections 1"));
  }
  EXPECT_TRUE(Eventually([&] {
    return Says("tokenbroker_http_requests_total{route=\"GET /v1/tasks/{task.task_id}:await\",code=\"499\"} 1");
  }));
  EXPECT_TRUE(Eventually([&] { return Says("tokenbroker_http_connections 0"); }));
  EXPECT_THAT(Metrics(), HasSubstr("tokenbroker_http_hangups_total{reason=\"reset\"}"));
}

}  // namespace
}  // namespace tokenbroker::web
