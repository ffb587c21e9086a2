#include "tests/bench/calm.h"

#include <utility>

#include "tests/bench/report.h"

namespace tokenbroker::benchmarks {

double MedianOfCalm(const std::vector<Sample>& samples) {
  std::vector<double> calm;
  std::vector<double> all;
  for (const Sample& sample : samples) {
    if (sample.stolen <= kMostStolen) calm.push_back(sample.value);
    all.push_back(sample.value);
  }
  if (all.empty()) return 0;
  return Median(calm.empty() ? std::move(all) : std::move(calm));
}

bool Rounds::Another() {
  const bool calm = stolen_.Share() <= kMostStolen;
  if (begun_ > 0 && calm) ++calm_;
  if (calm_ == wanted_ || begun_ == wanted_ * kMostForOne) return false;
  ++begun_;
  return true;
}

}  // namespace tokenbroker::benchmarks
