#include "cli/uuid.h"

#include <array>
#include <cinttypes>
#include <cstdio>

namespace tokenbroker::cli {

std::string MakeUuid(const Random& random) {
  const uint64_t high = (random() & 0xFFFFFFFFFFFF0FFFULL) | 0x4000ULL;
  const uint64_t low = (random() & 0x3FFFFFFFFFFFFFFFULL) | 0x8000000000000000ULL;
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%08" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%012" PRIx64,
                high >> 32, (high >> 16) & 0xFFFF, high & 0xFFFF, low >> 48,
                static_cast<uint64_t>(low & 0xFFFFFFFFFFFFULL));
  return text.data();
}

}  // namespace tokenbroker::cli
