#include "cli/address.h"

#include <gtest/gtest.h>

namespace tokenbroker::cli {
namespace {

TEST(Address, HasAHostAndAPortOrIsASocket) {
  for (const std::string text :
       {"127.0.0.1:7433", "localhost:1", "broker_1.example-a.org:65535", "[::1]:7433", "[fe80::1%eth0]:7433",
        "unix:/run/tokenbroker.sock", "unix:///run/tokenbroker.sock", "unix:relative.sock"}) {
    EXPECT_TRUE(CheckAddress(text).ok()) << CheckAddress(text);
  }
}

TEST(Address, WhatGrpcWouldTakeForAnotherIsRefused) {
  for (const std::string text :
       {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:99999", "127.0.0.1:abc", "127.0.0.1:-1",
        "127.0.0.1: 1", ":7433", "::1", "::1:7433", "[::1]", "[]:7433", "[nonsense]:7433", "http://127.0.0.1:7433",
        "a b:7433", "host\n:7433", "unix:", "host:18446744073709551617"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(CheckAddress(text))) << text;
  }
  EXPECT_FALSE(CheckAddress("unix:/" + std::string(200, 'x')).ok());
}

TEST(Address, WhatMayBeATokenIsNotRepeated) {
  const std::string message(CheckAddress("T1x6T9SECRETSECRETSECRETSECRETSECRETabcd").message());
  EXPECT_EQ(message.find("SECRET"), std::string::npos) << message;
}

}  // namespace
}  // namespace tokenbroker::cli
