#include "tests/bench/report.h"

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "nlohmann/json.hpp"

namespace tokenbroker::benchmarks {
namespace {

std::string Number(double value) {
  char text[32];
  const double size = value < 0 ? -value : value;
  std::snprintf(text, sizeof text, size >= 1000 ? "%.0f" : size >= 10 ? "%.1f" : "%.3f", value);
  return text;
}

std::string Against(const Row& row) {
  if (!row.baseline) return "";
  return Number(*row.baseline) + " " + row.baseline_name;
}

std::string Verdict(const Row& row) {
  if (!row.skipped.empty()) return "skipped: " + row.skipped;
  if (row.must == Must::kNone) return "";
  const char* word = *row.pass() ? "pass" : "MISS";
  return std::string(word) + (row.must == Must::kReach ? " (at least " : " (at most ") + Number(row.limit) + ")";
}

}  // namespace

std::optional<double> Row::ratio() const {
  if (!baseline || *baseline == 0 || !skipped.empty()) return std::nullopt;
  return median_ratio.value_or(value / *baseline);
}

std::optional<bool> Row::pass() const {
  if (must == Must::kNone || !skipped.empty()) return std::nullopt;
  return must == Must::kReach ? judged() >= limit : judged() <= limit;
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

void Report::Add(Row row) {
  const std::string value = row.skipped.empty() ? Number(row.value) + " " + row.unit : "";
  const std::string ratio = row.ratio() ? Number(*row.ratio()) : "";
  std::printf("%-12s %-44s %20s  %8s  %-26s %s\n", row.id.c_str(), row.name.c_str(), value.c_str(), ratio.c_str(),
              Against(row).c_str(), Verdict(row).c_str());
  std::fflush(stdout);
  rows_.push_back(std::move(row));
}

void Report::Skip(std::string id, std::string name, std::string why) {
  Row row;
  row.id = std::move(id);
  row.name = std::move(name);
  row.skipped = std::move(why);
  Add(std::move(row));
}

void Report::Note(const std::string& text) {
  std::printf("# %s\n", text.c_str());
  std::fflush(stdout);
}

std::vector<std::string> Report::Missed() const {
  std::vector<std::string> missed;
  for (const Row& row : rows_) {
    if (row.pass() == false) missed.push_back(row.id);
  }
  return missed;
}

bool Report::WriteJson(const std::string& path) const {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Row& row : rows_) {
    nlohmann::ordered_json out;
    out["id"] = row.id;
    out["name"] = row.name;
    out["value"] = row.skipped.empty() ? nlohmann::ordered_json(row.value) : nullptr;
    out["unit"] = row.unit;
    out["baseline"] = row.baseline ? nlohmann::ordered_json(*row.baseline) : nullptr;
    out["ratio"] = row.ratio() ? nlohmann::ordered_json(*row.ratio()) : nullptr;
    out["pass"] = row.pass() ? nlohmann::ordered_json(*row.pass()) : nullptr;
    if (!row.skipped.empty()) out["skipped"] = row.skipped;
    all.push_back(std::move(out));
  }
  std::ofstream file(path);
  file << all.dump(2) << "\n";
  return static_cast<bool>(file);
}

}  // namespace tokenbroker::benchmarks
