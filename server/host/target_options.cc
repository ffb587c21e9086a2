#include "server/host/target_options.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/duration_text.h"
#include "base/suggestion.h"

namespace tokenbroker {

std::vector<std::string> TargetOptions::Texts(const std::string& name) {
  known_.push_back(name);
  const auto at = left_.find(name);
  if (at == left_.end()) return {};
  std::vector<std::string> values = std::move(at->second);
  left_.erase(at);
  return values;
}

std::string TargetOptions::Text(const std::string& name) {
  const std::vector<std::string> values = Texts(name);
  if (values.size() > 1) Fault(name, "must be one text");
  return values.empty() ? "" : values[0];
}

std::string TargetOptions::TextOr(const std::string& name, const std::string& fallback, size_t max) {
  std::string value = Text(name);
  if (value.size() > max) Fault(name, absl::StrCat("must have at most ", max, " bytes"));
  return value.empty() ? fallback : value;
}

std::string TargetOptions::Required(const std::string& name) {
  std::string value = Text(name);
  if (value.empty()) Fault(name, "is missing");
  return value;
}

bool TargetOptions::Flag(const std::string& name) {
  const std::string value = Text(name);
  if (!value.empty() && value != "true" && value != "false")
    Fault(name, absl::StrCat("must be true or false, not '", value, "'"));
  return value == "true";
}

DurationMs TargetOptions::Span(const std::string& name, DurationMs fallback, DurationMs min, DurationMs max) {
  const std::string value = Text(name);
  if (value.empty()) return fallback;
  const absl::StatusOr<DurationMs> span = ParseDuration(value);
  if (span.ok() && *span >= min && *span <= max) return *span;
  Fault(name, absl::StrCat("must be a duration of ", DurationInOneUnit(min), " to ", DurationInOneUnit(max), ", not '",
                           value, "'"));
  return fallback;
}

int TargetOptions::Count(const std::string& name, int fallback, int min, int max) {
  const std::string value = Text(name);
  int count = fallback;
  if (value.empty() || (absl::SimpleAtoi(value, &count) && count >= min && count <= max)) return count;
  Fault(name, absl::StrCat("must be a number of ", min, " to ", max, ", not '", value, "'"));
  return fallback;
}

void TargetOptions::Finish() {
  for (const auto& [name, values] : left_) {
    Fault(name, absl::StrCat("is not a setting of this kind of target", Suggestion(name, known_)));
  }
}

void TargetOptions::Fault(const std::string& name, absl::string_view what) {
  faults_.push_back({absl::StrCat("targets.", target_.name, ".", name), std::string(what)});
}

}  // namespace tokenbroker
