#include "server/config/names.h"

#include <gtest/gtest.h>

#include <set>

#include "server/config/settings.h"

namespace tokenbroker {
namespace {

TEST(Names, FollowOneRule) {
  EXPECT_EQ(EnvironmentName("grpc.max_message_size"), "TOKENBROKER_GRPC_MAX_MESSAGE_SIZE");
  EXPECT_EQ(FlagName("grpc.max_message_size"), "--grpc-max-message-size");
  EXPECT_EQ(FlagName("ports_file"), "--ports-file");
}

TEST(Names, AreUniqueInEverySpellingAndNeverForeign) {
  std::set<std::string> variables;
  std::set<std::string> flags;
  for (const Setting& setting : Settings()) {
    EXPECT_TRUE(variables.insert(EnvironmentName(setting.name)).second) << setting.name;
    EXPECT_TRUE(flags.insert(FlagName(setting.name)).second) << setting.name;
    EXPECT_FALSE(IsForeignVariable(EnvironmentName(setting.name))) << setting.name;
  }
}

TEST(Names, OfOthersAreKnown) {
  for (const char* name :
       {"TOKENBROKER_FAILPOINTS", "TOKENBROKER_TOKEN", "TOKENBROKER_ADDRESS", "TOKENBROKER_TLS_CA_FILE",
        "TOKENBROKER_TLS_SERVER_NAME", "TOKENBROKER_SERVICE_HOST", "TOKENBROKER_SERVICE_PORT_GRPC", "TOKENBROKER_PORT",
        "TOKENBROKER_PORT_7433_TCP_ADDR", "TOKENBROKER_ADMIN_SERVICE_HOST"}) {
    EXPECT_TRUE(IsForeignVariable(name)) << name;
  }
  for (const char* name : {"TOKENBROKER_", "TOKENBROKER_GRPC_LISTENS", "TOKENBROKER_TLS_CERTFICATE_FILE",
                           "TOKENBROKER_PORTS_FILES", "TOKENBROKER_PORTS"}) {
    EXPECT_FALSE(IsForeignVariable(name)) << name;
  }
}

}  // namespace
}  // namespace tokenbroker
