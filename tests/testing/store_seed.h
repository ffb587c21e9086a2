// Seeds and sizes of random tests. A test prints its seed when it fails; TB_SEED repeats it, TB_SCALE multiplies the
// number of rounds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

namespace tokenbroker::testing {

inline uint64_t BaseSeed() {
  const char* seed = std::getenv("TB_SEED");
  return seed != nullptr ? std::strtoull(seed, nullptr, 10) : 20240229;
}

inline int Scaled(int rounds) {
  const char* scale = std::getenv("TB_SCALE");
  return scale != nullptr ? std::max(1, static_cast<int>(rounds * std::strtod(scale, nullptr))) : rounds;
}

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  // 0 to n - 1.
  uint64_t Below(uint64_t n) { return engine_() % n; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  uint64_t Bits() { return engine_(); }

  std::string Bytes(size_t size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(engine_());
    return bytes;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace tokenbroker::testing
