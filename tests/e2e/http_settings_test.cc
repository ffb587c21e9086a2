// Settings of the HTTP door, from the command line to the socket. What each of them does is tried in tests/web.
#include <gmock/gmock.h>

#include <string>

#include "tests/e2e/fixture.h"
#include "tests/http/raw_peer.h"

namespace tokenbroker::testing {
namespace {

using ::testing::HasSubstr;

class HttpSettingsTest : public BrokerTest {
 protected:
  http::RawAnswer Ask(const std::string& request_line, const std::string& fields = "") {
    http::RawPeer peer(static_cast<uint16_t>(process().http_port()));
    peer.Send(request_line + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n");
    return peer.ReadAnswer();
  }
};

TEST_F(HttpSettingsTest, ReachTheServer) {
  Start({"--http-max-header-count", "10", "--http-max-requests-per-connection=1", "--http-threads=2",
         "--http-cors-origins", "https://console.example,https://two.example"});
  const http::RawAnswer answer = Ask("GET /v1/status", "Origin: https://two.example\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Field("Access-Control-Allow-Origin"), "https://two.example");
  EXPECT_EQ(answer.Field("Connection"), "close");
  std::string many;
  for (int i = 0; i < 10; ++i) many += "X-Many: x\r\n";
  EXPECT_EQ(Ask("GET /v1/status", many).status, 431);
}

TEST_F(HttpSettingsTest, ReachTheCallbackPages) {
  Start({"--callbacks-show-input", "e2e"});
  v1::IssueTaskRequest request;
  request.set_namespace_("e2e");
  request.set_input("{\"amount\": 4711}");
  v1::IssueTaskResponse issued;
  ASSERT_TRUE(client().Issue(request, issued).ok());
  EXPECT_THAT(Ask("GET /c/" + issued.token()).body, HasSubstr("4711"));
}

}  // namespace
}  // namespace tokenbroker::testing
