#include "tests/bench/slices.h"

#include "tests/bench/report.h"

namespace tokenbroker::benchmarks {

double Slices::Median(Figure figure) const {
  if (all_.empty()) return 0;
  std::vector<double> values;
  for (const LoadResult& slice : all_) values.push_back(figure(slice));
  return benchmarks::Median(std::move(values));
}

double Slices::MedianRatio(const Slices& base, Figure figure) const {
  std::vector<double> ratios;
  for (size_t i = 0; i < all_.size(); ++i) ratios.push_back(figure(all_[i]) / figure(base.all_.at(i)));
  return benchmarks::Median(std::move(ratios));
}

void Slices::Print(const std::string& what) {
  LoadResult sum;
  for (; printed_ < all_.size(); ++printed_) sum.Merge(all_[printed_]);
  PrintLoad(what, sum);
}

}  // namespace tokenbroker::benchmarks
