// What is said of a head beyond its limits: the limit, and the setting that it comes from.
#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "server/http/options.h"

namespace tokenbroker::http {

inline std::string TargetTooLong(const Limits& limits) {
  return absl::StrCat("the target has more than ", limits.target_bytes, " bytes (http.max_target_size)");
}

inline std::string HeadTooLong(const Limits& limits) {
  return absl::StrCat("the head has more than ", limits.header_bytes, " bytes (http.max_header_size)");
}

inline std::string TooManyFields(const Limits& limits) {
  return absl::StrCat("there are more than ", limits.header_count, " header fields (http.max_header_count)");
}

}  // namespace tokenbroker::http
