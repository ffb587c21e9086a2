#include "tests/telemetry/exposition_parser.h"

#include <cmath>
#include <regex>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "base/text.h"

namespace tokenbroker {
namespace {

class Parser {
 public:
  explicit Parser(Exposition exposition) : open_metrics_(exposition == Exposition::kOpenMetrics) {}

  absl::StatusOr<std::map<std::string, ParsedFamily>> Parse(const std::string& text) {
    if (!IsValidUtf8(text)) return absl::InvalidArgumentError("not UTF-8");
    if (text.empty() || text.back() != '\n') return absl::InvalidArgumentError("the last line is not ended");
    std::vector<std::string> lines = absl::StrSplit(text.substr(0, text.size() - 1), '\n');
    if (open_metrics_) {
      if (lines.back() != "# EOF") return absl::InvalidArgumentError("no # EOF at the end");
      lines.pop_back();
    }
    for (const std::string& line : lines) {
      if (absl::Status status = Line(line); !status.ok()) {
        return absl::InvalidArgumentError(absl::StrCat(status.message(), ": ", line));
      }
    }
    for (const auto& [name, family] : families_) TB_RETURN_IF_ERROR(CheckFamily(name, family));
    return families_;
  }

 private:
  absl::Status Line(const std::string& line) {
    static const std::regex kHelp("# HELP ([a-z_][a-z0-9_]*) (.+)");
    static const std::regex kType("# TYPE ([a-z_][a-z0-9_]*) (counter|gauge|histogram)");
    static const std::regex kSample(
        R"re(([a-z_][a-z0-9_]*)(\{[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\[\\"n])*")*\})? (\S+))re");
    std::smatch match;
    if (std::regex_match(line, match, kHelp)) {
      current_ = match[1];
      if (families_.count(current_) > 0) return absl::InvalidArgumentError("a family in two pieces");
      families_[current_].help = match[2];
      return absl::OkStatus();
    }
    if (std::regex_match(line, match, kType)) {
      if (match[1] != current_) return absl::InvalidArgumentError("TYPE without its HELP");
      families_[current_].type = match[2];
      return absl::OkStatus();
    }
    if (!std::regex_match(line, match, kSample)) return absl::InvalidArgumentError("not understood");
    return Sample({match[1], match[2], std::stod(match[3] == "+Inf" ? "inf" : std::string(match[3]))});
  }

  absl::Status Sample(ParsedSample sample) {
    if (current_.empty()) return absl::InvalidArgumentError("a sample before its family");
    ParsedFamily& family = families_[current_];
    std::set<std::string> names = {current_};
    if (family.type == "counter" && open_metrics_) names = {current_ + "_total"};
    if (family.type == "histogram") names = {current_ + "_bucket", current_ + "_sum", current_ + "_count"};
    if (names.count(sample.name) == 0) return absl::InvalidArgumentError("a sample in another family");
    if (!seen_.insert(sample.name + sample.labels).second) return absl::InvalidArgumentError("a sample twice");
    if (family.type == "counter" && !(sample.value >= 0)) return absl::InvalidArgumentError("a negative counter");
    family.samples.push_back(std::move(sample));
    return absl::OkStatus();
  }

  absl::Status CheckFamily(const std::string& name, const ParsedFamily& family) {
    if (family.type.empty()) return absl::InvalidArgumentError(absl::StrCat(name, " has no type"));
    if (family.type == "counter" && absl::EndsWith(name, "_total") == open_metrics_) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": a counter's family must not end in _total in OpenMetrics"));
    }
    return family.type == "histogram" ? CheckHistogram(name, family) : absl::OkStatus();
  }

  // Buckets ascend in bound and count, the last is +Inf and equals the count.
  absl::Status CheckHistogram(const std::string& name, const ParsedFamily& family) {
    static const std::regex kBound(R"re(le="([^"]+)"\}$)re");
    double bound = -INFINITY;
    double count = 0;
    for (const ParsedSample& sample : family.samples) {
      if (sample.name == name + "_sum") continue;
      if (sample.name == name + "_count") {
        if (bound != INFINITY || sample.value != count)
          return absl::InvalidArgumentError(name + ": count and +Inf differ");
        bound = -INFINITY;
        count = 0;
        continue;
      }
      std::smatch match;
      if (!std::regex_search(sample.labels, match, kBound)) return absl::InvalidArgumentError(name + ": no le");
      const std::string text = match[1];
      if (open_metrics_ && text.find_first_of(".eI") == std::string::npos)
        return absl::InvalidArgumentError(name + ": le is no float");
      const double next = text == "+Inf" ? INFINITY : std::stod(text);
      if (next <= bound || sample.value < count) return absl::InvalidArgumentError(name + ": buckets do not ascend");
      bound = next;
      count = sample.value;
    }
    return absl::OkStatus();
  }

  const bool open_metrics_;
  std::string current_;
  std::set<std::string> seen_;
  std::map<std::string, ParsedFamily> families_;
};

}  // namespace

absl::StatusOr<std::map<std::string, ParsedFamily>> ParseExposition(const std::string& text, Exposition exposition) {
  return Parser(exposition).Parse(text);
}

}  // namespace tokenbroker
