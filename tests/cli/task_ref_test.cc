#include "cli/task_ref.h"

#include <gtest/gtest.h>

#include "tests/cli/fake_broker.h"

namespace tokenbroker::cli {
namespace {

Environment With(const std::string& token, const std::string& id) {
  return [token, id](const std::string& name) -> std::optional<std::string> {
    if (name == "TOKENBROKER_TOKEN" && !token.empty()) return token;
    if (name == "TOKENBROKER_TASK_ID" && !id.empty()) return id;
    return std::nullopt;
  };
}

absl::StatusOr<v1::TaskRef> Resolve(const RefFlags& flags, const std::string& environment_token = "",
                                    const std::string& environment_id = "") {
  return ResolveRef(flags, "orders", With(environment_token, environment_id), -1);
}

TEST(TaskRef, EighteenHexDigitsAreAnId) {
  EXPECT_EQ(Resolve({"0123456789abcdef01", "", ""})->task_id(), "0123456789abcdef01");
}

TEST(TaskRef, AnythingElseIsAToken) {
  EXPECT_EQ(Resolve({"0123456789ABCDEF01", "", ""})->token(), "0123456789ABCDEF01");
  EXPECT_EQ(Resolve({"tkABC", "", ""})->token(), "tkABC");
}

TEST(TaskRef, AKeyCarriesTheNamespace) {
  const auto ref = Resolve({"", "", "order 17"});
  EXPECT_EQ(ref->key().namespace_(), "orders");
  EXPECT_EQ(ref->key().key(), "order 17");
}

TEST(TaskRef, TheEnvironmentIsTheLastResort) {
  EXPECT_EQ(Resolve({}, "tkENV")->token(), "tkENV");
  EXPECT_EQ(Resolve({"tkARG", "", ""}, "tkENV")->token(), "tkARG");
}

TEST(TaskRef, AnIdInTheEnvironmentComesBehindATokenThere) {
  EXPECT_EQ(Resolve({}, "", "0123456789abcdef01")->task_id(), "0123456789abcdef01");
  EXPECT_EQ(Resolve({}, "tkENV", "0123456789abcdef01")->token(), "tkENV");
  EXPECT_EQ(Resolve({"", "", "k"}, "", "0123456789abcdef01")->key().key(), "k");
  EXPECT_FALSE(Resolve({}, "", "tkSECRET").ok());
}

TEST(TaskRef, NoTaskAndTwoTasksAreErrors) {
  EXPECT_FALSE(Resolve({}).ok());
  EXPECT_FALSE(Resolve({"tkARG", "", "key"}).ok());
  EXPECT_FALSE(Resolve({"", "file", "key"}).ok());
}

TEST(TaskRef, ABadTokenIsRefusedWithoutBeingRepeated) {
  for (const std::string& token :
       {std::string("sec ret"), std::string("sec\nret"), std::string("sec\xff"), "sec" + std::string(2050, 'x')}) {
    const auto ref = TokenRef(token);
    ASSERT_FALSE(ref.ok());
    EXPECT_EQ(ref.status().ToString().find("sec"), std::string::npos);
  }
}

TEST(TaskRef, AnUpstreamTokenMayHaveCharactersBeyondAscii) {
  EXPECT_EQ(TokenRef("caf\xC3\xA9")->token(), "caf\xC3\xA9");
}

TEST(TaskRef, StandardInputGivesOneLine) {
  CommandTest test;
  test.Input("tkSTDIN\nrest\n");
  test.broker.get = [](const v1::GetTaskRequest& request, DurationMs) -> absl::StatusOr<v1::GetTaskResponse> {
    EXPECT_EQ(request.task().token(), "tkSTDIN");
    return v1::GetTaskResponse();
  };
  EXPECT_EQ(test.Tokenctl({"get", "-"}), 0) << test.err;
}

}  // namespace
}  // namespace tokenbroker::cli
