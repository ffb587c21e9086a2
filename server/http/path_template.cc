#include "server/http/path_template.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace tokenbroker::http {
namespace {

absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

bool IsName(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '.'; });
}

bool IsLiteral(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) || std::string_view("-._~:@!$&'()*+,;=").find(c) != std::string_view::npos;
  });
}

absl::StatusOr<TemplateSegment> ParseSegment(std::string_view text) {
  if (text.empty() || text.front() != '{') {
    if (!IsLiteral(text)) return absl::InvalidArgumentError(absl::StrCat("\"", Absl(text), "\" is no literal"));
    return TemplateSegment{false, std::string(text), ""};
  }
  const size_t end = text.find('}');
  if (end == std::string_view::npos || !IsName(text.substr(1, end - 1))) {
    return absl::InvalidArgumentError(absl::StrCat("\"", Absl(text), "\" is no {variable}"));
  }
  const std::string_view verb = text.substr(end + 1);
  if (!verb.empty() && (verb.front() != ':' || !IsName(verb.substr(1)))) {
    return absl::InvalidArgumentError(absl::StrCat("\"", Absl(text), "\" has something else than :verb behind it"));
  }
  return TemplateSegment{true, std::string(text.substr(1, end - 1)), std::string(verb.substr(verb.empty() ? 0 : 1))};
}

}  // namespace

absl::StatusOr<std::vector<TemplateSegment>> ParseTemplate(std::string_view path) {
  if (path.empty() || path.front() != '/') return absl::InvalidArgumentError("a path begins with a slash");
  std::vector<TemplateSegment> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    const size_t end = std::min(path.find('/'), path.size());
    TB_ASSIGN_OR_RETURN(TemplateSegment segment, ParseSegment(path.substr(0, end)));
    segments.push_back(std::move(segment));
    path.remove_prefix(end);
  }
  return segments;
}

}  // namespace tokenbroker::http
