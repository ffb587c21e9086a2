#include "cli/api_key.h"

#include <algorithm>

#include "base/status_macros.h"
#include "cli/file.h"

namespace tokenbroker::cli {
namespace {

constexpr char kByteOrderMark[] = "\xEF\xBB\xBF";

}  // namespace

absl::StatusOr<std::string> ApiKeyFrom(const std::string& source, const std::string& text) {
  const bool marked = text.rfind(kByteOrderMark, 0) == 0;
  std::string key = Trim(marked ? text.substr(sizeof kByteOrderMark - 1) : text);
  if (key.empty()) return absl::InvalidArgumentError(source + " holds no API key: it is empty");
  const auto printable = [](char c) { return c >= 0x20 && c < 0x7f; };
  if (std::all_of(key.begin(), key.end(), printable)) return key;
  return absl::InvalidArgumentError(source + " must hold an API key and nothing else: one line of printable ASCII");
}

absl::StatusOr<std::string> ReadApiKeyFile(const std::string& path) {
  TB_ASSIGN_OR_RETURN(const std::string content, ReadFile(path));
  return ApiKeyFrom("the file " + path + " (--api-key-file)", content);
}

}  // namespace tokenbroker::cli
