#include "cli/retry.h"

namespace tokenbroker::cli {
namespace {

constexpr DurationMs kFirst = 100;
constexpr DurationMs kLongest = 5000;
constexpr int kDoublings = 6;

}  // namespace

DurationMs Backoff::Next(const absl::Status& error) {
  const DurationMs step = std::min(kFirst << std::min(failures_++, kDoublings), kLongest);
  const DurationMs jittered = step / 2 + static_cast<DurationMs>(random_() % static_cast<uint64_t>(step / 2 + 1));
  return std::max(jittered, DetailsOf(error).retry_after.value_or(0));
}

}  // namespace tokenbroker::cli
