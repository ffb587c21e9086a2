#include "server/outbound/aws/surroundings.h"

#include <fstream>
#include <map>
#include <sstream>

#include "absl/strings/str_cat.h"

namespace tokenbroker::outbound::aws {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes) return absl::OutOfRangeError(absl::StrCat(path, " is larger than 1 MiB"));
  return text;
}

}  // namespace

SurroundingsPtr RealSurroundings(absl::Span<const std::pair<std::string, std::string>> environment, HttpClient& http,
                                 const Clock& clock) {
  std::map<std::string, std::string, std::less<>> variables(environment.begin(), environment.end());
  const auto variable = [variables = std::move(variables)](std::string_view name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  };
  return std::make_shared<const Surroundings>(Surroundings{variable, ReadFile, http, clock});
}

}  // namespace tokenbroker::outbound::aws
