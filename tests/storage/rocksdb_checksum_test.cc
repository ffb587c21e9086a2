// Whether RocksDB computes its checksums with our function.
#include <dlfcn.h>

#include <string>

#include "gtest/gtest.h"
#include "rocksdb/version.h"
#include "storage/rocksdb/checksum.h"

namespace tokenbroker::storage {
namespace {

// uint32_t rocksdb::crc32c::Extend(uint32_t, const char*, size_t), as RocksDB calls it.
constexpr char kName[] = "_ZN7rocksdb6crc32c6ExtendEjPKcm";

TEST(RocksDbChecksumTest, RocksDbFindsOurs) {
  ASSERT_FALSE(rocksdb::GetRocksVersionAsString().empty());  // so that the library is linked
  EXPECT_EQ(dlsym(RTLD_DEFAULT, kName), reinterpret_cast<void*>(RocksDbChecksum()));
}

TEST(RocksDbChecksumTest, OursSaysWhatTheirsSays) {
  const auto theirs = reinterpret_cast<ChecksumFunction>(dlsym(RTLD_NEXT, kName));
  ASSERT_NE(theirs, nullptr);
  ASSERT_NE(theirs, RocksDbChecksum());
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(RocksDbChecksum()(i, bytes.data(), bytes.size()), theirs(i, bytes.data(), bytes.size())) << i;
    bytes.push_back(static_cast<char>(i * 7));
  }
}

}  // namespace
}  // namespace tokenbroker::storage
