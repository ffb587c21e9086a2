#include "tests/bench/metrics_page.h"

#include <limits>
#include <sstream>
#include <utility>
#include <vector>

namespace tokenbroker::benchmarks {

MetricsPage::MetricsPage(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t space = line.rfind(' ');
    if (line.empty() || line[0] == '#' || space == std::string::npos) continue;
    samples_[line.substr(0, space)] = std::strtod(line.c_str() + space, nullptr);
  }
}

double MetricsPage::Value(const std::string& sample) const {
  const auto found = samples_.find(sample);
  return found == samples_.end() ? 0 : found->second;
}

double MetricsPage::Quantile(const std::string& histogram, double quantile, const MetricsPage& before) const {
  const std::string prefix = histogram + "_bucket{le=\"";
  const double infinity = std::numeric_limits<double>::infinity();
  std::map<double, double> cumulative;
  for (auto at = samples_.lower_bound(prefix); at != samples_.end() && at->first.rfind(prefix, 0) == 0; ++at) {
    const char* bound = at->first.c_str() + prefix.size();
    cumulative[*bound == '+' ? infinity : std::strtod(bound, nullptr)] = at->second - before.Value(at->first);
  }
  if (cumulative.empty()) return infinity;
  const double wanted = quantile * cumulative.rbegin()->second;
  for (const auto& [bound, count] : cumulative) {
    if (count >= wanted) return bound;
  }
  return infinity;
}

double MetricsPage::Mean(const std::string& histogram, const MetricsPage& before) const {
  const double count = Value(histogram + "_count") - before.Value(histogram + "_count");
  const double sum = Value(histogram + "_sum") - before.Value(histogram + "_sum");
  return count == 0 ? 0 : sum / count;
}

}  // namespace tokenbroker::benchmarks
