#include "server/calls/fields.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/duration_text.h"
#include "base/json.h"
#include "base/text.h"
#include "server/calls/convert.h"

namespace tokenbroker::calls {
namespace {

constexpr size_t kMaxName = 64;

bool IsLowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool IsName(std::string_view text) {
  if (text.empty() || text.size() > kMaxName || !IsLowerOrDigit(text[0])) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return IsLowerOrDigit(c) || c == '-' || c == '_' || c == '.'; });
}

}  // namespace

void Fields::Require(bool holds, std::string_view field, std::string_view rule) {
  if (holds || broken()) return;
  refusal_ = broker::InvalidField(prefix_ + std::string(field), rule);
}

void Fields::NotEmpty(std::string_view field, std::string_view text) {
  if (text.empty()) Require(false, field, "is required");
}

void Fields::Bytes(std::string_view field, std::string_view text, size_t max) {
  if (text.size() <= max || broken()) return;
  Require(false, field, absl::StrCat("must be at most ", max, " bytes, and is ", text.size()));
}

void Fields::NoControlCharacters(std::string_view field, std::string_view text) {
  if (!broken() && HasControlCharacters(text)) Require(false, field, "must not contain control characters");
}

void Fields::Name(std::string_view field, std::string_view text) {
  NotEmpty(field, text);
  if (!broken() && !IsName(text)) {
    Require(false, field, "must be 1 to 64 characters of [a-z0-9-_.], starting with a letter or digit");
  }
}

void Fields::Json(std::string_view field, std::string_view text, size_t max) {
  Bytes(field, text, max);
  if (broken()) return;
  if (absl::Status status = CheckJson(text); !status.ok()) {
    Require(false, field, absl::StrCat("must be JSON text: ", status.message()));
  }
}

void Fields::Duration(std::string_view field, const google::protobuf::Duration& duration, DurationMs min,
                      DurationMs max) {
  const std::optional<DurationMs> ms = ParseDuration(duration);
  const bool rounded_up = duration.nanos() > 0 && duration.nanos() % 1'000'000 != 0;
  if (broken() || (ms.has_value() && *ms - rounded_up >= min && *ms <= max)) return;
  Require(ms.has_value(), field, "is not a valid duration: seconds and nanos out of range or of different signs");
  Require(false, field, absl::StrCat("must be from ", DurationInOneUnit(min), " to ", DurationInOneUnit(max)));
}

void Fields::Items(std::string_view field, int count, int max) {
  if (count >= 1 && count <= max) return;
  Require(false, field, absl::StrCat("must hold 1 to ", max, " items, and holds ", count));
}

}  // namespace tokenbroker::calls
