// The rows of a run: what was measured, against what, and whether that is enough.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tokenbroker::benchmarks {

// Which side of its limit a row must be on.
enum class Must { kNone, kReach, kStayBelow };

struct Row {
  std::string id;
  std::string name;
  double value = 0;
  std::string unit;
  // Measured in the same run; absent where the limit is absolute.
  std::optional<double> baseline;
  std::string baseline_name;
  // The limit is on value / baseline, or on the value if there is no baseline.
  Must must = Must::kNone;
  double limit = 0;
  // The median of the repetitions' ratios, where there were several: what drifts from one repetition to the next drops
  // out.
  std::optional<double> median_ratio;
  // Why nothing was measured; empty if something was.
  std::string skipped;

  std::optional<double> ratio() const;
  // What the limit is about.
  double judged() const { return ratio().value_or(value); }
  // Absent if nothing is demanded or nothing was measured.
  std::optional<bool> pass() const;
};

double Median(std::vector<double> values);

class Report {
 public:
  // Prints the row and keeps it.
  void Add(Row row);
  void Skip(std::string id, std::string name, std::string why);
  // Prints a remark that belongs to no row.
  void Note(const std::string& text);

  // The ids of the rows that missed their limit.
  std::vector<std::string> Missed() const;
  // An array of {id, name, value, unit, baseline, ratio, pass}; what is absent is null. False if it cannot be written.
  bool WriteJson(const std::string& path) const;

 private:
  std::vector<Row> rows_;
};

}  // namespace tokenbroker::benchmarks
