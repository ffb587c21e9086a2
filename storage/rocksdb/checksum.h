// See checksum.cc.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tokenbroker::storage {

using ChecksumFunction = uint32_t (*)(uint32_t crc, const char* data, size_t size);

// What RocksDB is to compute CRC-32C with. Whoever opens a store asks for it, so that it is linked.
ChecksumFunction RocksDbChecksum();

}  // namespace tokenbroker::storage
