// What parts of the broker say of their settings, taken apart.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/config/load.h"

namespace tokenbroker {

// Of a refusal whose lines are "setting: rule", with `prefix` before each setting. Nothing of OK.
inline std::vector<ConfigFault> FaultsOf(const absl::Status& refusal, absl::string_view prefix = "") {
  std::vector<ConfigFault> faults;
  if (refusal.ok()) return faults;
  for (const absl::string_view line : absl::StrSplit(refusal.message(), '\n')) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(line, absl::MaxSplits(": ", 1));
    faults.push_back({absl::StrCat(prefix, parts.first), parts.second});
  }
  return faults;
}

inline void AddFaults(std::vector<ConfigFault> more, std::vector<ConfigFault>& faults) {
  for (ConfigFault& fault : more) faults.push_back(std::move(fault));
}

}  // namespace tokenbroker
