// Reads what /metrics says.
#pragma once

#include <map>
#include <string>

namespace tokenbroker::benchmarks {

// The samples by name and labels, as they stand on the page.
class MetricsPage {
 public:
  explicit MetricsPage(const std::string& text);

  // 0 if there is no such sample.
  double Value(const std::string& sample) const;
  // The quantile of what a histogram without labels has counted since `before`: the upper bound of the bucket that
  // holds it, so never too small; infinity beyond the last bound.
  double Quantile(const std::string& histogram, double quantile, const MetricsPage& before) const;
  // Sum and count since `before`, divided.
  double Mean(const std::string& histogram, const MetricsPage& before) const;

 private:
  std::map<std::string, double> samples_;
};

}  // namespace tokenbroker::benchmarks
