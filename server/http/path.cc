#include "server/http/path.h"

#include "base/percent.h"

namespace tokenbroker::http {
namespace {

constexpr size_t kMaxParameters = 100;

// A NUL would end the text for whoever takes it for a C string.
bool Decode(std::string_view encoded, Plus plus, std::string& out) {
  const size_t before = out.size();
  return AppendPercentDecoded(encoded, plus, out) && out.find('\0', before) == std::string::npos;
}

}  // namespace

bool AppendDecoded(std::string_view encoded, std::string& out) { return Decode(encoded, Plus::kPlus, out); }

absl::StatusOr<QueryParameters> ParseQuery(std::string_view query) {
  QueryParameters parameters;
  absl::Status status;
  ForEachParameter(query, [&](std::string_view encoded_name, std::string_view encoded_value) {
    if (!status.ok()) return;
    if (parameters.size() == kMaxParameters) {
      status = absl::InvalidArgumentError("more than 100 query parameters");
      return;
    }
    auto& [name, value] = parameters.emplace_back();
    if (!Decode(encoded_name, Plus::kBlank, name) || !Decode(encoded_value, Plus::kBlank, value)) {
      status = absl::InvalidArgumentError("the query has a percent sign without two hexadecimal digits, or a NUL");
    }
  });
  if (!status.ok()) return status;
  return parameters;
}

}  // namespace tokenbroker::http
