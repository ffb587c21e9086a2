// Takes the place of RocksDB's own CRC-32C, with which it checks each record of its write-ahead log and each large
// value. Debian builds RocksDB for processors without an instruction for it: in software it costs a tenth of all that
// the broker does for a batch (docs/adr/0019).
//
// The dynamic linker prefers a program's own function to a library's of the same name, and RocksDB calls this one by
// its name. In a RocksDB that does not, or names it otherwise, nothing would change but the speed; a test says whether
// it works (tests/storage/rocksdb_checksum_test.cc).
#include "storage/rocksdb/checksum.h"

#include <cstddef>
#include <cstdint>

#include "storage/crc32c.h"

namespace rocksdb::crc32c {

// Declared by RocksDB in a header that it does not install.
__attribute__((visibility("default"))) uint32_t Extend(uint32_t crc, const char* data, size_t size) {
  return tokenbroker::storage::ExtendCrc32c(crc, {data, size});
}

}  // namespace rocksdb::crc32c

namespace tokenbroker::storage {

ChecksumFunction RocksDbChecksum() { return &rocksdb::crc32c::Extend; }

}  // namespace tokenbroker::storage
