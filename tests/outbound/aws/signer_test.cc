// Compared with botocore's own signer, see tests/aws/botocore_vectors.py.
#include "server/outbound/aws/signer.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "tests/outbound/fake_http.h"

namespace tokenbroker::outbound::aws {
namespace {

using Json = nlohmann::json;

// The request as it was before botocore signed it.
HttpRequest Unsigned(const Json& vector) {
  HttpRequest request{.method = vector["method"]};
  const std::string piece = vector["body"];
  for (int i = vector["body_count"]; i > 0; --i) request.body += piece;
  std::string host;
  for (const Json& header : vector["headers"]) {
    const std::string name = absl::AsciiStrToLower(header[0].get<std::string>());
    if (name == "host") {
      host = header[1];
    } else if (name != "authorization" && name != "x-amz-date" && name != "x-amz-security-token" &&
               name != "content-length") {
      request.headers.emplace_back(header[0], header[1]);
    }
  }
  const std::string query = vector["query"];
  request.url = "http://" + host + vector["path"].get<std::string>() + (query.empty() ? "" : "?" + query);
  return request;
}

TEST(Signer, SignsAsBotocoreDoes) {
  std::ifstream file(TB_SOURCES "/tests/aws/botocore_vectors.json");
  const Json all = Json::parse(file);
  int compared = 0;
  for (const Json& vector : all["vectors"]) {
    std::string expected, region;
    for (const Json& header : vector["headers"]) {
      if (header[0] == "Authorization") expected = header[1];
    }
    if (expected.empty()) continue;  // presigned
    region = expected.substr(expected.find("/2026") + 10);
    region = region.substr(0, region.find('/'));
    HttpRequest request = Unsigned(vector);
    // https, where botocore has signed for it: the default port is left out.
    if (request.url.find("amazonaws") != std::string::npos) request.url.insert(4, "s");
    const Signer signer("states", region);
    ASSERT_TRUE(signer.Sign({all["key"], all["secret"], vector["session_token"]}, all["now"], request).ok());
    EXPECT_EQ(FieldOf(request, "Authorization"), expected) << vector["name"];
    EXPECT_EQ(FieldOf(request, "X-Amz-Security-Token"), vector["session_token"]) << vector["name"];
    ++compared;
  }
  EXPECT_GT(compared, 20);
}

TEST(Signer, MakesANewKeyForANewDayAndANewSecret) {
  const Signer signer("states", "us-east-1");
  const auto signature = [&](const char* secret, TimeMs now) {
    HttpRequest request{.url = "https://h/"};
    EXPECT_TRUE(signer.Sign({"AKID", secret}, now, request).ok());
    return FieldOf(request, "Authorization");
  };
  const TimeMs now = 1'795'198'566'000;
  const std::string first = signature("a", now);
  EXPECT_NE(signature("b", now), first);
  EXPECT_NE(signature("a", now + 86'400'000), first);
  EXPECT_EQ(signature("a", now), first);
}

TEST(Signer, RefusesWhatIsNoUrl) {
  HttpRequest request{.url = "states"};
  EXPECT_EQ(Signer("states", "r").Sign({"a", "b"}, 0, request).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tokenbroker::outbound::aws
