// AWS's constraints on the members of an input, in AWS's words, all that are broken in one text:
//
//   2 validation errors detected: Value at 'taskToken' failed to satisfy constraint: Member must not be null; Value at
//   ...
//
// AWS quotes some values there. This door quotes none: they are tokens and payloads.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/aws/error.h"

namespace tokenbroker::aws {

class Constraints {
 public:
  void NotNull(std::string_view member, const std::optional<std::string>& value);
  // In bytes. A value that is not there has no length.
  void MinLength(std::string_view member, const std::optional<std::string>& value, size_t min);
  void MaxLength(std::string_view member, const std::optional<std::string>& value, size_t max);
  void Broken(std::string_view member, std::string_view rule);

  // ValidationException, or no error.
  Error error() const;

 private:
  std::vector<std::string> broken_;
};

}  // namespace tokenbroker::aws
