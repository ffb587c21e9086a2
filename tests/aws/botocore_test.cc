// What botocore signs, we accept, and we make the same canonical request of it. See botocore_vectors.py.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "server/aws/authorization.h"
#include "server/aws/verifier.h"

namespace tokenbroker::aws {
namespace {

using Json = nlohmann::json;

const Json& Vectors() {
  static const Json* const vectors = [] {
    std::ifstream file(TB_SOURCES "/tests/aws/botocore_vectors.json");
    return new Json(Json::parse(file));
  }();
  return *vectors;
}

struct Sent {
  explicit Sent(const Json& vector)
      : method(vector["method"]), path(vector["path"]), query(vector["query"]), session_token(vector["session_token"]) {
    const std::string piece = vector["body"];
    for (int i = vector["body_count"]; i > 0; --i) body += piece;
    for (const Json& header : vector["headers"]) headers.emplace_back(header[0], header[1]);
  }

  Request View() {
    views.clear();
    for (const auto& [name, value] : headers) views.push_back({name, value});
    return {method, path, query, views, body, ""};
  }

  Error Verify() {
    KeySet keys;
    keys.Add({Vectors()["key"], {}, {}, {}}, Vectors()["secret"], session_token);
    const Key* key = nullptr;
    return aws::Verify(View(), keys, Vectors()["now"], key);
  }

  std::string method, path, query, body, session_token;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<Header> views;
};

TEST(Botocore, IsAccepted) {
  ASSERT_GT(Vectors()["vectors"].size(), 20u);
  for (const Json& vector : Vectors()["vectors"]) {
    Sent sent(vector);
    const Error error = sent.Verify();
    EXPECT_FALSE(error) << vector["name"] << ": " << BodyOf(error);
  }
}

TEST(Botocore, MakesTheSameCanonicalRequest) {
  for (const Json& vector : Vectors()["vectors"]) {
    Sent sent(vector);
    Authorization authorization;
    ASSERT_FALSE(ReadAuthorization(sent.View(), authorization)) << vector["name"];
    EXPECT_EQ(CanonicalRequest(sent.View(), authorization.signed_headers, Hex(Sha256(sent.body))).value_or(""),
              vector["canonical"])
        << vector["name"];
  }
}

TEST(Botocore, SignsEveryByteOfIt) {
  for (const Json& vector : Vectors()["vectors"]) {
    const auto refuses = [&](const char* what, void (*change)(Sent&)) {
      Sent sent(vector);
      change(sent);
      EXPECT_EQ(sent.Verify().kind, &kInvalidSignature) << vector["name"] << ": " << what;
    };
    refuses("method", [](Sent& sent) { sent.method = "PUT"; });
    refuses("path", [](Sent& sent) { sent.path += "x"; });
    refuses("query", [](Sent& sent) { sent.query += "&y=1"; });
    refuses("body", [](Sent& sent) { sent.body += " "; });
    refuses("host", [](Sent& sent) { sent.headers[0].second += "x"; });
    refuses("another host", [](Sent& sent) { sent.headers.emplace_back("host", "x"); });
  }
}

}  // namespace
}  // namespace tokenbroker::aws
