#include "server/outbound/url.h"

#include <gtest/gtest.h>

namespace tokenbroker::outbound {
namespace {

TEST(Url, IsTakenApart) {
  const Url url = ParseUrl("https://Example.COM:8443/a/./b%20c?x=1&y").value();
  EXPECT_TRUE(url.tls);
  EXPECT_EQ(url.host, "example.com");
  EXPECT_EQ(url.authority, "example.com:8443");
  EXPECT_EQ(url.path, "/a/./b%20c");
  EXPECT_EQ(url.query, "x=1&y");
}

TEST(Url, LeavesOutTheSchemesOwnPort) {
  EXPECT_EQ(ParseUrl("http://localhost:80")->authority, "localhost");
  EXPECT_EQ(ParseUrl("https://localhost:443/")->authority, "localhost");
  EXPECT_EQ(ParseUrl("https://localhost:80/")->authority, "localhost:80");
  EXPECT_EQ(ParseUrl("http://[::1]:8433/")->authority, "[::1]:8433");
  EXPECT_EQ(ParseUrl("http://[::1]")->authority, "[::1]");
  EXPECT_EQ(ParseUrl("http://h?q")->path, "/");
}

TEST(Url, RefusesWhatIsNoneWithoutQuotingIt) {
  for (const char* text : {"", "example.com", "ftp://example.com/", "https://", "https:///secret",
                           "https://user:secret@h/", "https://h/#secret", "https://h/se cret", "https://h/\r\nsecret",
                           "https://h:0/", "https://h:65536/", "https://h:secret/", "https://caf\xc3\xa9/"}) {
    const auto url = ParseUrl(text);
    EXPECT_EQ(url.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(url.status().message().find("secret"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace tokenbroker::outbound
