#include "server/aws/keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace tokenbroker::aws {
namespace {

using testing::HasSubstr;
using testing::Not;

class KeysTest : public testing::Test {
 protected:
  std::string File(const std::string& text) {
    const std::string path = testing::TempDir() + "/aws_keys_test_" + std::to_string(++files_);
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  static std::string Complaint(const AwsKey& key) {
    return std::string(KeySet::Load({&key, 1}, kEnvironment).status().message());
  }

  static inline const std::vector<std::pair<std::string, std::string>> kEnvironment = {
      {"OTHER", "x"},
      {"ORDERS_SECRET", "0123456789abcdef"},
      {"SHORT", "0123456789abcde"},
      {"BLANK", "01234567 89abcdef"}};
  int files_ = 0;
};

TEST_F(KeysTest, SecretsComeFromFilesOrTheEnvironment) {
  const AwsKey keys[] = {{"A", {File("from-the-file-0123456789\r\n"), ""}, {File("session-0123456789"), ""}, {}},
                         {"B", {"", "ORDERS_SECRET"}, {}, {{"orders", kRead}}}};
  const absl::StatusOr<KeySet> set = KeySet::Load(keys, kEnvironment);
  ASSERT_TRUE(set.ok()) << set.status();
  const Scope scope{"20261120", "r", "states"};
  EXPECT_EQ(set->Find("A")->SigningKeyFor(scope), SigningKey("from-the-file-0123456789", scope));
  EXPECT_EQ(set->Find("A")->session_token(), "session-0123456789");
  EXPECT_EQ(set->Find("B")->SigningKeyFor(scope), SigningKey("0123456789abcdef", scope));
  EXPECT_EQ(set->Find("B")->principal().id, "aws:B");
  EXPECT_TRUE(set->Find("B")->principal().May(broker::kRead, "orders"));
  EXPECT_EQ(set->Find("C"), nullptr);
}

TEST_F(KeysTest, WhatIsNoSecretIsRefusedWithoutShowingIt) {
  EXPECT_EQ(Complaint({"A", {"", "ABSENT"}, {}, {}}),
            "auth.aws_keys: the secret of A: the environment variable ABSENT is not set");
  EXPECT_THAT(Complaint({"A", {"/nowhere/secret", ""}, {}, {}}), HasSubstr("cannot read the file /nowhere/secret"));
  for (const char* variable : {"SHORT", "BLANK"}) {
    EXPECT_THAT(Complaint({"A", {"", variable}, {}, {}}), AllOf(HasSubstr("must be 16 to"), Not(HasSubstr("0123"))));
  }
  EXPECT_THAT(Complaint({"A", {File(std::string(5000, 'x')), ""}, {}, {}}), HasSubstr("must be 16 to 4096"));
  EXPECT_THAT(Complaint({"A", {"", "ORDERS_SECRET"}, {"", "SHORT"}, {}}), HasSubstr("the session token of A"));
}

TEST_F(KeysTest, TheSigningKeyIsThatOfItsScope) {
  KeySet set;
  set.Add({"A", {}, {}, {}}, "0123456789abcdef");
  for (const Scope& scope : {Scope{"20261120", "a", "states"}, Scope{"20261120", "b", "states"},
                             Scope{"20261121", "b", "states"}, Scope{"20261120", "a", "states"}}) {
    EXPECT_EQ(set.Find("A")->SigningKeyFor(scope), SigningKey("0123456789abcdef", scope));
  }
}

}  // namespace
}  // namespace tokenbroker::aws
