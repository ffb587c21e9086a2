#include "server/http/path.h"

#include <algorithm>

namespace tokenbroker::http {
namespace {

constexpr size_t kMaxParameters = 100;

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool Decode(std::string_view encoded, bool plus_is_space, std::string& out) {
  for (size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] == '+' && plus_is_space) {
      out.push_back(' ');
    } else if (encoded[i] != '%') {
      out.push_back(encoded[i]);
    } else {
      if (encoded.size() - i < 3) return false;
      const int high = HexValue(encoded[i + 1]);
      const int low = HexValue(encoded[i + 2]);
      if (high < 0 || low < 0 || high + low == 0) return false;
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    }
  }
  return true;
}

}  // namespace

bool AppendDecoded(std::string_view encoded, std::string& out) { return Decode(encoded, false, out); }

absl::StatusOr<QueryParameters> ParseQuery(std::string_view query) {
  QueryParameters parameters;
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    if (parameters.size() == kMaxParameters) return absl::InvalidArgumentError("more than 100 query parameters");
    const size_t equals = std::min(pair.find('='), pair.size());
    auto& [name, value] = parameters.emplace_back();
    if (!Decode(pair.substr(0, equals), true, name) ||
        !Decode(pair.substr(std::min(equals + 1, pair.size())), true, value)) {
      return absl::InvalidArgumentError("the query has a percent sign without two hexadecimal digits, or a NUL");
    }
  }
  return parameters;
}

}  // namespace tokenbroker::http
