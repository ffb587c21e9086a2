#include "server/broker/key_ring.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace tokenbroker::broker {
namespace {

const std::string kSecret(64, 'a');

std::string Key(const std::string& id, const std::string& secret = kSecret) {
  return R"({"id": )" + id + R"(, "secret": ")" + secret + "\"}";
}
std::string Keys(const std::string& list) { return "{\"keys\": [" + list + "]}"; }

TEST(KeyRing, TheLastKeySealsAndAllAreFound) {
  const absl::StatusOr<KeyRing> ring = KeyRing::Parse(Keys(Key("7") + "," + Key("255", std::string(64, 'B'))));
  ASSERT_TRUE(ring.ok()) << ring.status();
  EXPECT_EQ(ring->newest().id, 255);
  EXPECT_EQ(ring->newest().secret[0], 0xbb);
  ASSERT_NE(ring->Find(7), nullptr);
  EXPECT_EQ(ring->Find(7)->secret[31], 0xaa);
  EXPECT_EQ(ring->Find(8), nullptr);
}

TEST(KeyRing, WhatIsWrongIsSaidAndNeverTheSecret) {
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), std::string("{\"keys\": 1}"), Keys(""), Keys("1"),
        Keys("{}"), Keys(Key("0")), Keys(Key("256")), Keys(Key("-1")), Keys(Key("\"1\"")), Keys(Key("1.5")),
        Keys(Key("1", kSecret + "a")), Keys(Key("1", kSecret.substr(1))), Keys(Key("1", std::string(64, 'g'))),
        Keys(Key("1") + "," + Key("1")), Keys(Key("99999999999999999999"))}) {
    const absl::StatusOr<KeyRing> ring = KeyRing::Parse(text);
    EXPECT_TRUE(absl::IsInvalidArgument(ring.status())) << text;
    EXPECT_EQ(std::string(ring.status().message()).find("aaaa"), std::string::npos) << text;
  }
}

class KeyFileTest : public testing::Test {
 protected:
  KeyFileTest() {
    std::string folder = testing::TempDir() + "keys-XXXXXX";
    folder_ = mkdtemp(folder.data());
    path_ = folder_ + "/token-keys.json";
  }
  ~KeyFileTest() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
  std::string path_;
};

TEST_F(KeyFileTest, AFileIsMadeForItsOwnerOnly) {
  const absl::StatusOr<KeyRing> made = KeyRing::Make(path_);
  ASSERT_TRUE(made.ok()) << made.status();
  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(KeyRing::Load(path_)->newest().secret, made->newest().secret);
  EXPECT_NE(KeyRing::Make(path_ + "2")->newest().secret, made->newest().secret) << "keys are random";
}

TEST_F(KeyFileTest, AMissingFileIsNotFoundAndNotMade) {
  EXPECT_TRUE(absl::IsNotFound(KeyRing::Load(path_).status()));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(KeyFileTest, AFileThatOthersMayReadIsRefused) {
  ASSERT_TRUE(KeyRing::Make(path_).ok());
  chmod(path_.c_str(), 0640);
  EXPECT_TRUE(absl::IsInvalidArgument(KeyRing::Load(path_).status()));
}

TEST_F(KeyFileTest, ADamagedFileIsRefusedAndNotReplaced) {
  std::ofstream(path_) << "{\"keys\": [";
  chmod(path_.c_str(), 0600);
  EXPECT_FALSE(KeyRing::Load(path_).ok());
  EXPECT_EQ(std::filesystem::file_size(path_), 10u);
}

TEST_F(KeyFileTest, AFolderThatIsNotThereIsAnError) { EXPECT_FALSE(KeyRing::Make(folder_ + "/none/keys").ok()); }

}  // namespace
}  // namespace tokenbroker::broker
