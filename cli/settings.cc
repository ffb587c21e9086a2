#include "cli/settings.h"

#include <cstdlib>

#include "base/shown_word.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "cli/address.h"
#include "cli/api_key.h"
#include "cli/time_text.h"

namespace tokenbroker::cli {
namespace {

class Layers {
 public:
  Layers(const Environment& environment, const Profile& profile) : environment_(environment), profile_(profile) {}

  std::optional<std::string> Find(const std::optional<std::string>& flag, const std::string& variable,
                                  const std::string& key) const {
    if (flag) return flag;
    if (auto value = environment_("TOKENBROKER_" + variable)) return value;
    const auto found = profile_.values.find(key);
    if (found != profile_.values.end()) return found->second;
    return std::nullopt;
  }

  void Apply(const std::optional<std::string>& flag, const std::string& variable, const std::string& key,
             std::string& setting) const {
    if (auto value = Find(flag, variable, key)) setting = *value;
  }

 private:
  const Environment& environment_;
  const Profile& profile_;
};

absl::StatusOr<bool> ParseSwitch(const std::string& text) {
  if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "0" || text == "no" || text == "off") return false;
  return absl::InvalidArgumentError("tls must be true or false, not " + Shown(text));
}

absl::Status ApplyTls(const ConnectionFlags& flags, const Layers& layers, Settings& settings) {
  layers.Apply(flags.tls_ca, "TLS_CA", "tls_ca", settings.tls_ca);
  layers.Apply(flags.tls_cert, "TLS_CERT", "tls_cert", settings.tls_cert);
  layers.Apply(flags.tls_key, "TLS_KEY", "tls_key", settings.tls_key);
  if (settings.tls_cert.empty() != settings.tls_key.empty()) {
    return absl::InvalidArgumentError("a client certificate needs both --tls-cert and --tls-key");
  }
  settings.tls = !settings.tls_ca.empty() || !settings.tls_cert.empty();
  const auto flag = flags.tls ? std::optional<std::string>("true") : std::nullopt;
  if (const auto text = layers.Find(flag, "TLS", "tls")) {
    TB_ASSIGN_OR_RETURN(settings.tls, ParseSwitch(*text));
  }
  return absl::OkStatus();
}

// A key named by a flag beats one in the environment.
absl::Status ApplyKey(const ConnectionFlags& flags, const Environment& environment, const Layers& layers,
                      Settings& settings) {
  const auto key = flags.api_key_file ? std::nullopt : environment("TOKENBROKER_API_KEY");
  if (key && !key->empty()) {
    TB_ASSIGN_OR_RETURN(settings.api_key, ApiKeyFrom("TOKENBROKER_API_KEY", *key));
  } else {
    layers.Apply(flags.api_key_file, "API_KEY_FILE", "api_key_file", settings.api_key_file);
  }
  return absl::OkStatus();
}

}  // namespace

Environment SystemEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  };
}

bool Settings::SendsKeyInTheClear() const {
  const bool has_key = !api_key.empty() || !api_key_file.empty();
  const bool local = address.rfind("127.", 0) == 0 || address.rfind("localhost", 0) == 0 ||
                     address.rfind("[::1]", 0) == 0 || address.rfind("unix:", 0) == 0;
  return has_key && !tls && !local;
}

absl::StatusOr<Settings> Decide(const ConnectionFlags& flags, const Environment& environment) {
  TB_ASSIGN_OR_RETURN(const ProfileFile file, LoadProfiles(ProfilePath(environment)));
  const auto wanted = flags.profile ? flags.profile : environment("TOKENBROKER_PROFILE");
  TB_ASSIGN_OR_RETURN(const Profile profile, file.Select(wanted));
  const Layers layers(environment, profile);
  Settings settings;
  settings.profile = profile.name;
  layers.Apply(flags.address, "ADDRESS", "address", settings.address);
  TB_RETURN_IF_ERROR(CheckAddress(settings.address));
  layers.Apply(flags.name_space, "NAMESPACE", "namespace", settings.name_space);
  if (!IsValidUtf8(settings.name_space)) return absl::InvalidArgumentError("the namespace is not UTF-8");
  layers.Apply(flags.base_url, "BASE_URL", "base_url", settings.base_url);
  TB_RETURN_IF_ERROR(ApplyKey(flags, environment, layers, settings));
  TB_RETURN_IF_ERROR(ApplyTls(flags, layers, settings));
  if (const auto text = layers.Find(flags.timeout, "TIMEOUT", "timeout")) {
    TB_ASSIGN_OR_RETURN(settings.timeout, ParseDuration(*text));
    if (*settings.timeout == 0) return absl::InvalidArgumentError("the time-out of calls must be more than zero");
  }
  return settings;
}

}  // namespace tokenbroker::cli
