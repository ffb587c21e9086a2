#include "tests/bench/slices.h"

#include <algorithm>

#include "tests/bench/calm.h"

namespace tokenbroker::benchmarks {

double Slices::Median(Figure figure) const {
  std::vector<Sample> samples;
  for (const LoadResult& slice : all_) samples.push_back({figure(slice), slice.stolen});
  return MedianOfCalm(samples);
}

double Slices::MedianRatio(const Slices& base, Figure figure) const {
  std::vector<Sample> ratios;
  for (size_t i = 0; i < all_.size(); ++i) {
    const LoadResult& beside = base.all_.at(i);
    ratios.push_back({figure(all_[i]) / figure(beside), std::max(all_[i].stolen, beside.stolen)});
  }
  return MedianOfCalm(ratios);
}

void Slices::Print(const std::string& what) {
  LoadResult sum;
  for (; printed_ < all_.size(); ++printed_) sum.Merge(all_[printed_]);
  PrintLoad(what, sum);
}

}  // namespace tokenbroker::benchmarks
