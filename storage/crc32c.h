// CRC-32C (Castagnoli), in hardware where the processor has it. Debian's RocksDB is built without, and Abseil has none
// yet.
#pragma once

#include <cstdint>
#include <string_view>

namespace tokenbroker::storage {

// The checksum of everything that `crc` was computed over, followed by `bytes`. Start with 0.
uint32_t ExtendCrc32c(uint32_t crc, std::string_view bytes);

inline uint32_t Crc32c(std::string_view bytes) { return ExtendCrc32c(0, bytes); }

namespace internal {

// Both ways of computing it, so that a test can compare them.
uint32_t ExtendCrc32cByTable(uint32_t crc, std::string_view bytes);
bool HasHardwareCrc32c();
// Only where HasHardwareCrc32c().
uint32_t ExtendCrc32cByHardware(uint32_t crc, std::string_view bytes);

}  // namespace internal
}  // namespace tokenbroker::storage
