#include "server/aws/constraints.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tokenbroker::aws {

void Constraints::NotNull(std::string_view member, const std::optional<std::string>& value) {
  if (!value) Broken(member, "Member must not be null");
}

void Constraints::MinLength(std::string_view member, const std::optional<std::string>& value, size_t min) {
  if (value && value->size() < min) {
    Broken(member, absl::StrCat("Member must have length greater than or equal to ", min));
  }
}

void Constraints::MaxLength(std::string_view member, const std::optional<std::string>& value, size_t max) {
  if (value && value->size() > max) Broken(member, absl::StrCat("Member must have length less than or equal to ", max));
}

void Constraints::Broken(std::string_view member, std::string_view rule) {
  std::string text = "Value at '";
  broken_.push_back(text.append(member).append("' failed to satisfy constraint: ").append(rule));
}

Error Constraints::error() const {
  if (broken_.empty()) return {};
  return {&kValidation, absl::StrCat(broken_.size(), " validation error", broken_.size() == 1 ? "" : "s",
                                     " detected: ", absl::StrJoin(broken_, "; "))};
}

}  // namespace tokenbroker::aws
