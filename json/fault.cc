#include "json/fault.h"

#include <algorithm>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "base/text.h"

namespace tokenbroker::json {
namespace {

constexpr char kFieldPayload[] = "tokenbroker/field";
constexpr size_t kLongestName = 64;

std::string_view Cut(std::string_view name) { return CutAtCharacter(name, kLongestName); }

}  // namespace

std::string Path::Text() const {
  std::string text = parent == nullptr ? "" : parent->Text();
  if (index >= 0) return absl::StrCat(text, "[", index, "]");
  if (is_key) return Concat({text, "[", Cut(name), "]"});
  if (name.empty()) return text;
  return Concat({text, text.empty() ? "" : ".", Cut(name)});
}

absl::Status Fault(std::string_view field, std::string_view rule) {
  absl::Status status = absl::InvalidArgumentError(Concat({field.empty() ? "the request" : field, " ", rule}));
  if (!field.empty()) status.SetPayload(kFieldPayload, absl::Cord(absl::string_view(field.data(), field.size())));
  return status;
}

std::string FieldOf(const absl::Status& status) {
  const absl::optional<absl::Cord> field = status.GetPayload(kFieldPayload);
  return field.has_value() ? std::string(*field) : "";
}

std::string Place(std::string_view text, size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const size_t line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return absl::StrCat("line ", line, ", column ", offset - line_start + 1);
}

std::string Concat(std::initializer_list<std::string_view> parts) {
  std::string all;
  for (std::string_view part : parts) all.append(part);
  return all;
}

}  // namespace tokenbroker::json
