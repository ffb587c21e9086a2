// Measuring on a machine that others have a share of. A hypervisor that gives a processor away for milliseconds makes
// any p99, and halves any rate; neither is the broker's. So what was measured meanwhile counts only if there is nothing
// else, and rounds are added for it.
#pragma once

#include <vector>

#include "tests/bench/machine.h"

namespace tokenbroker::benchmarks {

// Figures count if others had at most this share of the machine's time: what a processor of a virtual machine lacks at
// best.
inline constexpr double kMostStolen = 0.03;

struct Sample {
  double value = 0;
  double stolen = 0;
};

// Of the samples that had the machine to themselves; of all if none had. 0 if there are none.
double MedianOfCalm(const std::vector<Sample>& samples);

// Counts rounds until as many as are wanted had the machine to themselves, three times as many at most.
class Rounds {
 public:
  explicit Rounds(int wanted) : wanted_(wanted) {}

  // Whether another is to be run; to be asked before each.
  bool Another();

 private:
  static constexpr int kMostForOne = 3;

  const int wanted_;
  int begun_ = 0;
  int calm_ = 0;
  StolenTime stolen_;
};

}  // namespace tokenbroker::benchmarks
