#include "server/pages/body.h"

#include <optional>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/json.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "json/cursor.h"
#include "json/json_writer.h"
#include "server/http/path.h"

namespace tokenbroker::pages {
namespace {

constexpr char kNothing[] = "{}";

absl::string_view MediaType(std::string_view content_type) {
  const absl::string_view text(content_type.data(), content_type.size());
  return absl::StripAsciiWhitespace(text.substr(0, text.find(';')));
}

std::string JsonText(std::string_view text) {
  std::string out;
  json::WriteString(text, out);
  return out;
}

absl::StatusOr<Body> JsonBody(std::string_view body) {
  if (const absl::Status form = CheckJson(body); !form.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("the body is ", form.message()));
  }
  return Body{Body::Kind::kJson, body, {}};
}

// A form of one long name would make a long text.
constexpr size_t kLongestShown = 64;

std::string TwiceText(std::string_view name) {
  if (name.size() > kLongestShown) return "a field of the form is there twice";
  return absl::StrCat("the field ", absl::string_view(name.data(), name.size()), " of the form is there twice");
}

absl::StatusOr<Body> FormBody(std::string_view body) {
  if (body.find_first_of("{[\"") == 0) return JsonBody(body);
  absl::StatusOr<Filled> form = http::ParseQuery(body);
  if (!form.ok()) {
    return absl::InvalidArgumentError(
        "the form has a percent sign without two hexadecimal digits, a NUL, or more than 100 fields");
  }
  std::set<std::string_view> names;
  for (const auto& [name, value] : *form) {
    if (!IsValidUtf8(name) || !IsValidUtf8(value)) return absl::InvalidArgumentError("the form is not UTF-8");
    // Which of the two was meant, nobody can say.
    if (!names.insert(name).second) return absl::InvalidArgumentError(TwiceText(name));
  }
  return Body{Body::Kind::kForm, {}, *std::move(form)};
}

absl::StatusOr<Body> TextBody(std::string_view body) {
  if (!IsValidUtf8(body)) return absl::InvalidArgumentError("the text is not UTF-8");
  return Body{Body::Kind::kText, body, {}};
}

std::string Plain(std::string_view raw) { return json::IsEscaped(raw) ? json::Unescape(raw) : std::string(raw); }

// Takes one member of the object, which has been found to be JSON.
absl::Status TakeMember(json::Cursor& cursor, std::optional<std::string>& error, std::optional<std::string>& cause) {
  const std::string name = Plain(cursor.TakeName());
  if (name != "error" && name != "cause") {
    return absl::InvalidArgumentError("the body must have no other members than \"error\" and \"cause\"");
  }
  std::optional<std::string>& member = name == "error" ? error : cause;
  if (member.has_value()) return absl::InvalidArgumentError(absl::StrCat("the body has \"", name, "\" twice"));
  if (cursor.Next() != json::Kind::kString)
    return absl::InvalidArgumentError(absl::StrCat("the member \"", name, "\" must be a text"));
  member = Plain(cursor.TakeString());
  return absl::OkStatus();
}

absl::StatusOr<Failing> FailingOfJson(std::string_view text) {
  json::Cursor cursor(text);
  if (cursor.Next() != json::Kind::kObject) {
    return absl::InvalidArgumentError("the body must be an object with \"error\" and \"cause\"");
  }
  std::optional<std::string> error, cause;
  if (cursor.Enter()) {
    do {
      TB_RETURN_IF_ERROR(TakeMember(cursor, error, cause));
    } while (cursor.More());
  }
  return Failing{error.value_or(""), cause.value_or("")};
}

}  // namespace

absl::StatusOr<Body> ReadBody(std::string_view content_type, std::string_view body) {
  const absl::string_view type = MediaType(content_type);
  if (absl::StripAsciiWhitespace(absl::string_view(body.data(), body.size())).empty()) return Body{};
  if (absl::EqualsIgnoreCase(type, "application/json") || absl::EndsWithIgnoreCase(type, "+json"))
    return JsonBody(body);
  if (absl::EqualsIgnoreCase(type, "application/x-www-form-urlencoded")) return FormBody(body);
  if (absl::StartsWithIgnoreCase(type, "text/")) return TextBody(body);
  if (type.empty() || absl::EqualsIgnoreCase(type, "application/octet-stream")) {
    return CheckJson(body).ok() ? JsonBody(body) : TextBody(body);
  }
  return absl::UnimplementedError(
      "the content type must be application/json, application/x-www-form-urlencoded or text/plain");
}

absl::StatusOr<std::string> OutputOf(const Body& body, const Form& form) {
  switch (body.kind) {
    case Body::Kind::kEmpty:
      return std::string(kNothing);
    case Body::Kind::kJson:
      return std::string(body.text);
    case Body::Kind::kForm:
      return OutputOf(form, body.form);
    case Body::Kind::kText:
      return JsonText(body.text);
  }
  return std::string(kNothing);
}

absl::StatusOr<Failing> FailingOf(const Body& body) {
  switch (body.kind) {
    case Body::Kind::kEmpty:
      return Failing{};
    case Body::Kind::kJson:
      return FailingOfJson(body.text);
    case Body::Kind::kForm:
      return Failing{std::string(ValueOf(body.form, "error")), std::string(ValueOf(body.form, "cause"))};
    case Body::Kind::kText:
      return Failing{"", std::string(body.text)};
  }
  return Failing{};
}

absl::StatusOr<std::string> ProgressOf(const Body& body) {
  switch (body.kind) {
    case Body::Kind::kEmpty:
      return std::string();
    case Body::Kind::kJson:
      return std::string(body.text);
    case Body::Kind::kForm: {
      absl::StatusOr<std::string> progress = ObjectOf(body.form);
      if (progress.ok() && *progress == kNothing) progress->clear();
      return progress;
    }
    case Body::Kind::kText:
      return JsonText(body.text);
  }
  return std::string();
}

}  // namespace tokenbroker::pages
