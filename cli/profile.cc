#include "cli/profile.h"

#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <array>
#include <cstdlib>

#include "base/shown_word.h"
#include "base/status_macros.h"

namespace tokenbroker::cli {
namespace {

constexpr std::array kKeys = {"address",  "namespace", "api_key_file", "tls",     "tls_ca",
                              "tls_cert", "tls_key",   "timeout",      "base_url"};

std::string KnownKeys() {
  std::string text;
  for (const char* key : kKeys) text += (text.empty() ? "" : ", ") + std::string(key);
  return text;
}

bool IsKnown(const std::string& key) {
  for (const char* known : kKeys) {
    if (key == known) return true;
  }
  return false;
}

std::string ExpandHome(const std::string& value) {
  const char* home = std::getenv("HOME");
  if (home == nullptr || value.rfind("~/", 0) != 0) return value;
  return home + value.substr(1);
}

absl::Status Bad(const std::string& path, const std::string& what) {
  return absl::InvalidArgumentError(path + ": " + what);
}

absl::StatusOr<Profile> ReadProfile(const std::string& path, const std::string& name, const YAML::Node& node) {
  if (!node.IsMap()) return Bad(path, "profile \"" + name + "\" must be a map of settings");
  Profile profile{name, {}};
  for (const auto& entry : node) {
    const auto key = entry.first.as<std::string>();
    if (!IsKnown(key)) {
      return Bad(path, "profile \"" + name + "\" has the unknown setting \"" + key + "\"; known are " + KnownKeys());
    }
    profile.values[key] = ExpandHome(entry.second.as<std::string>());
  }
  return profile;
}

absl::StatusOr<ProfileFile> ReadProfiles(const std::string& path) {
  const YAML::Node root = YAML::LoadFile(path);
  ProfileFile file;
  file.path = path;
  if (root.IsNull()) return file;
  if (!root.IsMap()) return Bad(path, "must be a map with the key \"profiles\"");
  for (const auto& entry : root) {
    const auto key = entry.first.as<std::string>();
    if (key == "default_profile") {
      file.default_name = entry.second.as<std::string>();
    } else if (key != "profiles") {
      return Bad(path, "unknown key \"" + key + "\"; known are default_profile, profiles");
    }
  }
  for (const auto& entry : root["profiles"]) {
    const auto name = entry.first.as<std::string>();
    TB_ASSIGN_OR_RETURN(file.profiles[name], ReadProfile(path, name, entry.second));
  }
  return file;
}

}  // namespace

absl::StatusOr<Profile> ProfileFile::Select(const std::optional<std::string>& name) const {
  const bool asked = name.has_value() || !default_name.empty();
  const std::string wanted = name.value_or(default_name.empty() ? "default" : default_name);
  const auto found = profiles.find(wanted);
  if (found != profiles.end()) return found->second;
  if (!asked) return Profile{};
  return absl::InvalidArgumentError("there is no profile " + Shown(wanted) + " in " +
                                    (path.empty() ? "(no file)" : path) + "; see tokenctl profile ls");
}

std::string ProfilePath(const std::function<std::optional<std::string>(const std::string&)>& environment) {
  if (const auto path = environment("TOKENBROKER_CONFIG")) return *path;
  if (const auto base = environment("XDG_CONFIG_HOME")) return *base + "/tokenbroker/config.yaml";
  if (const auto home = environment("HOME")) return *home + "/.config/tokenbroker/config.yaml";
  return "";
}

// yaml-cpp throws; that stops here.
absl::StatusOr<ProfileFile> LoadProfiles(const std::string& path) {
  if (path.empty() || access(path.c_str(), F_OK) != 0) {
    ProfileFile file;
    file.path = path;
    return file;
  }
  try {
    return ReadProfiles(path);
  } catch (const YAML::Exception& error) {
    return Bad(path, error.what());
  }
}

}  // namespace tokenbroker::cli
