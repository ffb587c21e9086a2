#include "server/rpc/grpc_log.h"

#include <gmock/gmock.h>
#include <grpc/support/log.h>
#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <vector>

#include "server/telemetry/log.h"

namespace tokenbroker::rpc {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class GrpcLogTest : public testing::Test {
 protected:
  GrpcLogTest() {
    gpr_log_verbosity_init();  // as gRPC does for itself
    TakeOverGrpcLog();
    ConfigureLog({.sink = [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      lines_.emplace_back(line);
    }});
  }
  ~GrpcLogTest() override { ConfigureLog({}); }

  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

TEST_F(GrpcLogTest, MessagesAreEvents) {
  gpr_log(GPR_ERROR, "Handshake failed: \"%s\"", "why\nnot");
  EXPECT_THAT(lines(), ElementsAre(AllOf(HasSubstr(R"("level":"warning","event":"grpc_message","severity":"E")"),
                                         HasSubstr(R"("file":"grpc_log_test.cc:)"),
                                         HasSubstr(R"("msg":"Handshake failed: \"why\nnot\""})"))));
}

TEST_F(GrpcLogTest, AFloodIsOneLineAndHidesNoOther) {
  for (int i = 0; i < 1000; ++i) gpr_log(GPR_ERROR, "Handshake failed");
  gpr_log(GPR_ERROR, "assertion failed");
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("Handshake failed"), HasSubstr("assertion failed")));
}

TEST_F(GrpcLogTest, WhatCallersSentIsLeftOut) {
  gpr_log(GPR_ERROR, "Error parsing metadata: error=invalid value key=content-type value=ttok_secret");
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("error=invalid value key=content-type\"}")));
}

TEST_F(GrpcLogTest, LongMessagesAreCut) {
  gpr_log(GPR_ERROR, "%s", std::string(100'000, 'x').c_str());
  ASSERT_EQ(lines().size(), 1u);
  EXPECT_LT(lines()[0].size(), 2000u);
}

}  // namespace
}  // namespace tokenbroker::rpc
