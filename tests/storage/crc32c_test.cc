#include "storage/crc32c.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/testing/store_seed.h"

namespace tokenbroker::storage {
namespace {

// RFC 3720, B.4.
TEST(Crc32c, KnownAnswers) {
  EXPECT_EQ(Crc32c(""), 0u);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
}

TEST(Crc32c, HardwareAndTableAgree) {
  ::tokenbroker::testing::Random random(::tokenbroker::testing::BaseSeed());
  for (int i = 0; i < 2000; ++i) {
    const std::string bytes = random.Bytes(random.Below(200));
    const uint32_t start = static_cast<uint32_t>(random.Bits());
    const uint32_t by_table = internal::ExtendCrc32cByTable(start, bytes);
    EXPECT_EQ(ExtendCrc32c(start, bytes), by_table);
    if (internal::HasHardwareCrc32c()) {
      EXPECT_EQ(internal::ExtendCrc32cByHardware(start, bytes), by_table);
    }
  }
}

TEST(Crc32c, GoesOnWhereItStopped) {
  const std::string bytes = "the quick brown fox jumps over the lazy dog";
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    EXPECT_EQ(ExtendCrc32c(Crc32c(bytes.substr(0, cut)), bytes.substr(cut)), Crc32c(bytes));
  }
}

}  // namespace
}  // namespace tokenbroker::storage
