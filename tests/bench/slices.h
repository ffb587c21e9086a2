// A load in many short slices of time, between which the loads that it is compared with have theirs. A machine whose
// speed changes from second to second slows them alike, and drops out of the quotients of neighbouring slices. Slices
// during which others had the machine do not count (calm.h).
#pragma once

#include <string>
#include <vector>

#include "tests/bench/load.h"

namespace tokenbroker::benchmarks {

class Slices {
 public:
  using Figure = double (*)(const LoadResult&);
  static double Rate(const LoadResult& result) { return result.rate(); }
  static double Cpu(const LoadResult& result) { return result.cpu_us_per_item(); }

  void Add(LoadResult slice) { all_.push_back(std::move(slice)); }

  bool empty() const { return all_.empty(); }
  // 0 if there are none.
  double Median(Figure figure) const;
  // Slice by slice; there must be as many of both.
  double MedianRatio(const Slices& base, Figure figure) const;

  // Shows all that was added since the last time as one line.
  void Print(const std::string& what);

 private:
  std::vector<LoadResult> all_;
  size_t printed_ = 0;
};

}  // namespace tokenbroker::benchmarks
