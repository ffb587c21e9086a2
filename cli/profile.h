// The profile file: named sets of connection settings.
//
//     default_profile: test            # optional; without it the profile called "default" is used, if there is one
//     profiles:
//       test:
//         address: 127.0.0.1:7433
//       production:
//         address: broker.example:7433
//         namespace: orders
//         api_key_file: ~/.config/tokenbroker/production.key
//         tls: true                    # also tls_ca, tls_cert, tls_key, timeout, base_url
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace tokenbroker::cli {

struct Profile {
  std::string name;
  std::map<std::string, std::string> values;
};

struct ProfileFile {
  std::string path;
  std::string default_name;
  std::map<std::string, Profile> profiles;

  // The named profile (an error if missing), else the default one, else an empty one.
  absl::StatusOr<Profile> Select(const std::optional<std::string>& name) const;
};

// $TOKENBROKER_CONFIG, else tokenbroker/config.yaml below $XDG_CONFIG_HOME or ~/.config. Empty when there is no home.
std::string ProfilePath(const std::function<std::optional<std::string>(const std::string&)>& environment);

// A missing file is an empty one. Unknown keys are errors, so that a typing mistake is not silently a default. A "~/"
// that opens a file name means the home directory.
absl::StatusOr<ProfileFile> LoadProfiles(const std::string& path);

}  // namespace tokenbroker::cli
