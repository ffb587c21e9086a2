// A target's own settings, taken one by one, each with its limits; what nobody took is unknown.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/config.h"
#include "server/config/load.h"

namespace tokenbroker {

// Adds what is wrong to `faults`; such a setting has its fallback.
class TargetOptions {
 public:
  // The target must outlive this.
  TargetOptions(const TargetConfig& target, std::vector<ConfigFault>& faults)
      : target_(target), faults_(faults), left_(target.options) {}

  std::string Text(const std::string& name);
  // In at most `max` bytes.
  std::string TextOr(const std::string& name, const std::string& fallback, size_t max);
  std::string Required(const std::string& name);
  std::vector<std::string> Texts(const std::string& name);
  bool Flag(const std::string& name);
  DurationMs Span(const std::string& name, DurationMs fallback, DurationMs min, DurationMs max);
  int Count(const std::string& name, int fallback, int min, int max);

  // Adds the settings that nobody asked for.
  void Finish();
  void Fault(const std::string& name, absl::string_view what);

 private:
  const TargetConfig& target_;
  std::vector<ConfigFault>& faults_;
  std::map<std::string, std::vector<std::string>> left_;
  std::vector<std::string> known_;
};

}  // namespace tokenbroker
