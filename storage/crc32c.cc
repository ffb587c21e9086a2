#include "storage/crc32c.h"

#include <array>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace tokenbroker::storage {
namespace internal {
namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;  // reflected

using Table = std::array<std::array<uint32_t, 256>, 8>;

// tables[k][b]: what byte b contributes when k more bytes follow it ("slicing by 8").
constexpr Table MakeTables() {
  Table tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (uint32_t byte = 0; byte < 256; ++byte) {
    for (int k = 1; k < 8; ++k) tables[k][byte] = (tables[k - 1][byte] >> 8) ^ tables[0][tables[k - 1][byte] & 0xff];
  }
  return tables;
}

constexpr Table kTables = MakeTables();

uint32_t EightBytesByTable(uint32_t crc, const char* at) {
  uint64_t word = 0;
  for (int i = 7; i >= 0; --i) word = (word << 8) | static_cast<uint8_t>(at[i]);
  word ^= crc;
  uint32_t result = 0;
  for (int k = 0; k < 8; ++k) result ^= kTables[7 - k][(word >> (8 * k)) & 0xff];
  return result;
}

}  // namespace

uint32_t ExtendCrc32cByTable(uint32_t crc, std::string_view bytes) {
  crc = ~crc;
  const char* at = bytes.data();
  const char* end = at + bytes.size();
  for (; end - at >= 8; at += 8) crc = EightBytesByTable(crc, at);
  for (; at != end; ++at) crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<uint8_t>(*at)) & 0xff];
  return ~crc;
}

#if defined(__x86_64__)

bool HasHardwareCrc32c() { return __builtin_cpu_supports("sse4.2"); }

__attribute__((target("sse4.2"))) uint32_t ExtendCrc32cByHardware(uint32_t crc, std::string_view bytes) {
  uint64_t state = ~crc;
  const char* at = bytes.data();
  const char* end = at + bytes.size();
  for (; end - at >= 8; at += 8) {
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    state = _mm_crc32_u64(state, word);
  }
  uint32_t rest = static_cast<uint32_t>(state);
  for (; at != end; ++at) rest = _mm_crc32_u8(rest, static_cast<uint8_t>(*at));
  return ~rest;
}

#else

bool HasHardwareCrc32c() { return false; }
uint32_t ExtendCrc32cByHardware(uint32_t crc, std::string_view bytes) { return ExtendCrc32cByTable(crc, bytes); }

#endif

}  // namespace internal

uint32_t ExtendCrc32c(uint32_t crc, std::string_view bytes) {
  static const bool hardware = internal::HasHardwareCrc32c();
  return hardware ? internal::ExtendCrc32cByHardware(crc, bytes) : internal::ExtendCrc32cByTable(crc, bytes);
}

}  // namespace tokenbroker::storage
