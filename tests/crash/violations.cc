#include "tests/crash/violations.h"

#include <cstdio>

namespace tokenbroker::testing {
namespace {

constexpr size_t kViolationsShown = 50;

}  // namespace

void Violations::Add(const std::string& text) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (++count_ <= kViolationsShown) std::fprintf(stderr, "VIOLATION %zu: %s\n", count_, text.c_str());
}

size_t Violations::count() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return count_;
}

}  // namespace tokenbroker::testing
