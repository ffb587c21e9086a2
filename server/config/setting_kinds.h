// The kinds of settings: how a value of each is read, checked and written. For settings.cc, whose `field` reaches the
// value in a Config.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/duration_text.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "server/config/settings.h"
#include "server/config/values.h"

namespace tokenbroker::setting_kinds {

inline absl::StatusOr<int64_t> ParseCount(std::string_view text) {
  int64_t count;
  if (absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &count)) return count;
  return absl::InvalidArgumentError("must be a whole number");
}

inline std::string FormatCount(int64_t count) { return std::to_string(count); }

// A number with limits, however it is written. With `or_zero` 0 is allowed besides and means what `zero` says.
template <typename Field, typename Parse, typename Format>
Setting Number(const char* kind, std::string name, Field field, Parse parse, Format format, int64_t min, int64_t max,
               const char* zero, std::string doc) {
  const bool or_zero = *zero != '\0';
  std::string rule = absl::StrCat(kind, ", ", format(min), " to ", format(max));
  if (or_zero) absl::StrAppend(&rule, ", or 0: ", zero);
  auto set = [=](std::string_view text, Config& config) -> absl::Status {
    TB_ASSIGN_OR_RETURN(const int64_t value, parse(text));
    if ((value < min || value > max) && !(or_zero && value == 0)) {
      return absl::InvalidArgumentError(absl::StrCat("must be ", format(min), " to ", format(max),
                                                     or_zero ? absl::StrCat(", or 0 (", zero, ")") : ""));
    }
    field(config) = value;
    return absl::OkStatus();
  };
  auto get = [=](const Config& config) { return format(field(config)); };
  return {std::move(name), std::move(rule), std::move(doc), false, false, set, get};
}

template <typename Field>
Setting Duration(std::string name, Field field, DurationMs min, DurationMs max, std::string doc,
                 const char* zero = "") {
  return Number("duration", std::move(name), field, ParseDuration, DurationInOneUnit, min, max, zero, std::move(doc));
}

template <typename Field>
Setting Size(std::string name, Field field, int64_t min, int64_t max, std::string doc, const char* zero = "") {
  return Number("size", std::move(name), field, ParseSize, FormatSize, min, max, zero, std::move(doc));
}

template <typename Field>
Setting Count(std::string name, Field field, int64_t min, int64_t max, std::string doc, const char* zero = "") {
  return Number("number", std::move(name), field, ParseCount, FormatCount, min, max, zero, std::move(doc));
}

template <typename Field>
Setting Bool(std::string name, Field field, std::string doc) {
  auto set = [=](std::string_view text, Config& config) -> absl::Status {
    if (text != "true" && text != "false") return absl::InvalidArgumentError("must be true or false");
    field(config) = text == "true";
    return absl::OkStatus();
  };
  auto get = [=](const Config& config) { return std::string(field(config) ? "true" : "false"); };
  return {std::move(name), "true or false", std::move(doc), true, false, set, get};
}

template <typename Enum>
using Choices = std::vector<std::pair<std::string, Enum>>;

template <typename Field, typename Enum>
Setting Choice(std::string name, Field field, Choices<Enum> choices, std::string doc) {
  const std::string rule =
      absl::StrJoin(choices, ", ", [](std::string* out, const auto& choice) { absl::StrAppend(out, choice.first); });
  auto set = [=](std::string_view text, Config& config) -> absl::Status {
    for (const auto& [word, value] : choices) {
      if (word != text) continue;
      field(config) = value;
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(absl::StrCat("must be one of ", rule));
  };
  auto get = [=](const Config& config) -> std::string {
    for (const auto& [word, value] : choices) {
      if (value == field(config)) return word;
    }
    return "";
  };
  return {std::move(name), absl::StrCat("one of ", rule), std::move(doc), false, false, set, get};
}

template <typename Field>
Setting Address(std::string name, Field field, bool may_be_empty, std::string doc) {
  auto set = [=](std::string_view text, Config& config) -> absl::Status {
    if (!text.empty() || !may_be_empty) TB_RETURN_IF_ERROR(ParseHostPort(text).status());
    field(config) = std::string(text);
    return absl::OkStatus();
  };
  auto get = [=](const Config& config) { return field(config); };
  return {
      std::move(name), may_be_empty ? "HOST:PORT, or empty: off" : "HOST:PORT", std::move(doc), false, false, set, get};
}

template <typename Field>
Setting Path(std::string name, Field field, std::string doc) {
  auto set = [=](std::string_view text, Config& config) -> absl::Status {
    if (!IsValidUtf8(text) || HasControlCharacters(text) || text.size() > 4'096) {
      return absl::InvalidArgumentError("must be a path of at most 4096 bytes of UTF-8 without control characters");
    }
    field(config) = std::string(text);
    return absl::OkStatus();
  };
  auto get = [=](const Config& config) { return field(config); };
  return {std::move(name), "path", std::move(doc), false, false, set, get};
}

template <typename Field>
Setting OriginOrEmpty(std::string name, Field field, std::string doc) {
  auto set = [=](std::string_view text, Config& config) -> absl::Status {
    if (!text.empty() && !CheckOrigin(text).ok()) {
      return absl::InvalidArgumentError("must be http[s]://HOST[:PORT] with nothing around it, or empty");
    }
    field(config) = std::string(text);
    return absl::OkStatus();
  };
  auto get = [=](const Config& config) { return field(config); };
  return {std::move(name), "http[s]://HOST[:PORT], or empty", std::move(doc), false, false, set, get};
}

template <typename Field>
Setting Name(std::string name, Field field, bool may_be_empty, std::string doc) {
  auto set = [=](std::string_view text, Config& config) -> absl::Status {
    if (!IsName(text) && !(text.empty() && may_be_empty)) {
      return absl::InvalidArgumentError(absl::StrCat("must be ", kNameRule));
    }
    field(config) = std::string(text);
    return absl::OkStatus();
  };
  auto get = [=](const Config& config) { return field(config); };
  std::string rule = absl::StrCat("name", may_be_empty ? ", or empty" : "");
  return {std::move(name), std::move(rule), std::move(doc), false, false, set, get};
}

// Several values; `check` is asked about each.
template <typename Field, typename Check>
Setting List(std::string name, std::string rule, Field field, Check check, std::string doc) {
  auto set = [=](std::string_view text, Config& config) -> absl::Status {
    const absl::string_view all = absl::StripAsciiWhitespace(absl::string_view(text.data(), text.size()));
    std::vector<std::string> values;
    if (!all.empty()) values = absl::StrSplit(all, ',');
    for (std::string& value : values) {
      absl::StripAsciiWhitespace(&value);
      TB_RETURN_IF_ERROR(check(value));
    }
    field(config) = std::move(values);
    return absl::OkStatus();
  };
  auto get = [=](const Config& config) { return absl::StrJoin(field(config), ","); };
  return {std::move(name), std::move(rule), std::move(doc), false, true, set, get};
}

inline absl::Status CheckOriginOrAll(std::string_view text) {
  if (text == "*" || CheckOrigin(text).ok()) return absl::OkStatus();
  return absl::InvalidArgumentError("must be origins such as https://console.example, or *");
}

inline absl::Status CheckNamespaceOrAll(std::string_view text) {
  if (text == "*" || IsName(text)) return absl::OkStatus();
  return absl::InvalidArgumentError("must be namespaces, or *");
}

}  // namespace tokenbroker::setting_kinds
