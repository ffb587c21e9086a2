#include "server/config/names.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/suggestion.h"
#include "server/config/settings.h"

namespace tokenbroker {
namespace {

constexpr std::array<std::string_view, 13> kForeign = {
    "TOKENBROKER_FAILPOINTS", "TOKENBROKER_FAILPOINT_SEED",
    // tokenctl and the client libraries
    "TOKENBROKER_ADDRESS", "TOKENBROKER_BASE_URL", "TOKENBROKER_PROFILE", "TOKENBROKER_NAMESPACE",
    "TOKENBROKER_API_KEY", "TOKENBROKER_API_KEY_FILE", "TOKENBROKER_TOKEN", "TOKENBROKER_TASK_ID", "TOKENBROKER_CONFIG",
    "TOKENBROKER_TLS", "TOKENBROKER_TIMEOUT"};

// What Kubernetes tells every pod about a Service "tokenbroker": TOKENBROKER_SERVICE_HOST,
// TOKENBROKER_SERVICE_PORT_GRPC, TOKENBROKER_PORT, TOKENBROKER_PORT_7433_TCP_ADDR; with a longer name there is more
// between.
bool IsServiceLink(std::string_view variable) {
  const absl::string_view name(variable.data(), variable.size());
  if (absl::EndsWith(name, "_SERVICE_HOST") || absl::StrContains(name, "_SERVICE_PORT")) return true;
  const size_t port = name.rfind("_PORT");
  if (port == absl::string_view::npos) return false;
  const absl::string_view rest = name.substr(port + 5);
  return rest.empty() || (rest.size() > 1 && rest[0] == '_' && absl::ascii_isdigit(rest[1]));
}

bool IsSlip(std::string_view variable) {
  for (const Setting& setting : Settings()) {
    if (EditDistance(variable, EnvironmentName(setting.name)) <= 2) return true;
  }
  return false;
}

}  // namespace

std::string EnvironmentName(std::string_view setting) {
  std::string name = absl::StrCat("TOKENBROKER_", absl::string_view(setting.data(), setting.size()));
  std::replace(name.begin(), name.end(), '.', '_');
  absl::AsciiStrToUpper(&name);
  return name;
}

std::string FlagName(std::string_view setting) {
  std::string name = absl::StrCat("--", absl::string_view(setting.data(), setting.size()));
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '.' || c == '_'; }, '-');
  return name;
}

bool IsForeignVariable(std::string_view variable) {
  if (std::find(kForeign.begin(), kForeign.end(), variable) != kForeign.end()) return true;
  if (IsServiceLink(variable)) return true;
  return variable.substr(0, 16) == "TOKENBROKER_TLS_" && !IsSlip(variable);
}

}  // namespace tokenbroker
