// A target's own settings, taken one by one, each with its limits; what nobody took is unknown.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/config/config.h"

namespace tokenbroker {

// Keeps the first thing that is wrong, for Finish to say; until then such a setting has its fallback.
class TargetOptions {
 public:
  explicit TargetOptions(const TargetConfig& target) : target_(target), left_(target.options) {}

  std::string Text(const std::string& name);
  // In at most `max` bytes.
  std::string TextOr(const std::string& name, const std::string& fallback, size_t max);
  std::string Required(const std::string& name);
  std::vector<std::string> Texts(const std::string& name);
  bool Flag(const std::string& name);
  DurationMs Span(const std::string& name, DurationMs fallback, DurationMs min, DurationMs max);
  int Count(const std::string& name, int fallback, int min, int max);

  // INVALID_ARGUMENT for what was wrong, or for a setting that nobody asked for.
  absl::Status Finish() const;
  absl::Status Wrong(const std::string& name, absl::string_view what) const;

 private:
  void Fault(const std::string& name, absl::string_view what) { fault_.Update(Wrong(name, what)); }

  const TargetConfig& target_;
  std::map<std::string, std::vector<std::string>> left_;
  std::vector<std::string> known_;
  absl::Status fault_;
};

}  // namespace tokenbroker
