// "/v1/namespaces/{ns}/tasks/{id}:succeed", taken apart.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tokenbroker::http {

struct TemplateSegment {
  bool is_variable = false;
  // The literal, or the variable's name.
  std::string text;
  // Behind a variable's colon; may be empty.
  std::string verb;
};

// INVALID_ARGUMENT says what is wrong.
absl::StatusOr<std::vector<TemplateSegment>> ParseTemplate(std::string_view path);

}  // namespace tokenbroker::http
