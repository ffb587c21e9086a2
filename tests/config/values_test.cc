#include "server/config/values.h"

#include <gtest/gtest.h>

#include "server/config/config.h"

namespace tokenbroker {
namespace {

using namespace units;

TEST(Size, IsReadInBinaryUnits) {
  EXPECT_EQ(ParseSize("0").value(), 0);
  EXPECT_EQ(ParseSize("65536").value(), 65'536);
  EXPECT_EQ(ParseSize("12B").value(), 12);
  EXPECT_EQ(ParseSize("256KiB").value(), 256 * kKiB);
  EXPECT_EQ(ParseSize("64MiB").value(), 64 * kMiB);
  EXPECT_EQ(ParseSize("2TiB").value(), 2'048 * kGiB);
  for (const char* text : {"", "-1", "1.5MiB", "1MB", "1mib", "MiB", "1 MiB", "1MiB1KiB", "9999999999TiB"}) {
    EXPECT_FALSE(ParseSize(text).ok()) << text;
  }
}

TEST(Size, IsWrittenInTheLargestWholeUnit) {
  EXPECT_EQ(FormatSize(0), "0");
  EXPECT_EQ(FormatSize(1'000), "1000B");
  EXPECT_EQ(FormatSize(262'144), "256KiB");
  EXPECT_EQ(FormatSize(kGiB), "1GiB");
}

TEST(HostPort, IsReadWithNamesAndBothKindsOfAddress) {
  EXPECT_EQ(ParseHostPort("127.0.0.1:7433")->port, 7433);
  EXPECT_EQ(ParseHostPort("broker.example:0")->host, "broker.example");
  EXPECT_EQ(ParseHostPort("[::1]:65535")->host, "::1");
  for (const char* text : {"", ":", ":7433", "7433", "localhost", "localhost:", "localhost:-1", "localhost:65536",
                           "::1:7433", "[::1]", "[::1]7433", "[x]:1", "a b:1", "http://x:1", "x:1/", "x: 1", "x:+1"}) {
    EXPECT_FALSE(ParseHostPort(text).ok()) << text;
  }
}

TEST(Host, StandsAloneOrBeforeAPort) {
  for (const char* text : {"a.example", "a.example:80"}) EXPECT_EQ(ParseHost(text).value(), "a.example");
  for (const char* text : {"[::1]", "[::1]:80"}) EXPECT_EQ(ParseHost(text).value(), "::1");
  for (const char* text : {"", ":80", "a:b", "a:80:80", "::1", "[::1", "a/b"}) {
    EXPECT_FALSE(ParseHost(text).ok()) << text;
  }
}

TEST(Address, IsNoName) {
  for (const char* host : {"127.0.0.1", "10.1.2.3", "::1", "2001:db8::1"}) EXPECT_TRUE(IsAddress(host)) << host;
  for (const char* host : {"localhost", "127.1", "1.2.3.4.example", ""}) EXPECT_FALSE(IsAddress(host)) << host;
}

TEST(Origin, IsWhatABrowserWrites) {
  for (const char* good : {"https://a.example", "http://127.0.0.1:8433", "https://[::1]:8433", "https://a:80"}) {
    EXPECT_TRUE(CheckOrigin(good).ok()) << good;
  }
  for (const char* bad : {"", "*", "null", "a.example", "ftp://a", "https://", "https://A.example", "https://a/",
                          "https://a/b", "https://a:443", "http://a:80", "https://a:x", "https://a b"}) {
    EXPECT_FALSE(CheckOrigin(bad).ok()) << bad;
  }
}

TEST(Namespace, HasFewKindsOfCharacters) {
  for (const char* good : {"loans", "0", "a-b_c.d"}) EXPECT_TRUE(IsName(good)) << good;
  for (const std::string& bad : {std::string(), std::string("*"), std::string("A"), std::string("-a"),
                                 std::string("a b"), std::string(65, 'a')}) {
    EXPECT_FALSE(IsName(bad)) << bad;
  }
}

TEST(Loopback, IsWhatOnlyThisMachineReaches) {
  for (const char* host : {"localhost", "127.0.0.1", "127.9.9.9", "::1"}) EXPECT_TRUE(IsLoopback(host)) << host;
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "broker", "localhost.example", "::ffff:10.0.0.1", ""}) {
    EXPECT_FALSE(IsLoopback(host)) << host;
  }
}

}  // namespace
}  // namespace tokenbroker
