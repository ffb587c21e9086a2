#include "server/outbound/aws/surroundings.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "base/file.h"

namespace tokenbroker::outbound::aws {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;

absl::StatusOr<std::string> Read(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path, kMaxFileBytes);
  if (text.ok()) return text;
  return absl::Status(text.status().code(), absl::StrCat("cannot read ", path, ": ", text.status().message()));
}

}  // namespace

SurroundingsPtr RealSurroundings(absl::Span<const std::pair<std::string, std::string>> environment, HttpClient& http,
                                 const Clock& clock) {
  std::map<std::string, std::string, std::less<>> variables(environment.begin(), environment.end());
  const auto variable = [variables = std::move(variables)](std::string_view name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  };
  return std::make_shared<const Surroundings>(Surroundings{variable, Read, http, clock});
}

}  // namespace tokenbroker::outbound::aws
