// The files that AWS's tools share: ~/.aws/config and ~/.aws/credentials. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/outbound/aws/surroundings.h"

namespace tokenbroker::outbound::aws {

using Settings = std::map<std::string, std::string, std::less<>>;

struct SharedConfig {
  std::map<std::string, Settings, std::less<>> profiles;
  std::map<std::string, Settings, std::less<>> sso_sessions;
};

// Adds what stands in the text. In the credentials file every section is a profile ("[name]"); in the other file,
// "[profile name]", "[default]" and "[sso-session name]" are sections. Names are in lower case; what is indented below
// a name is left out; lines that are nothing, too.
void ParseSharedFile(std::string_view text, bool credentials_file, SharedConfig& out);

// Both files, where AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE or HOME say; what stands in both is taken from the
// credentials file. Files that are not there are empty.
SharedConfig ReadSharedConfig(const Surroundings& surroundings);

// AWS_PROFILE, or "default".
std::string ProfileName(const Surroundings& surroundings);

// AWS_REGION, AWS_DEFAULT_REGION, or the profile's region; empty: none is set.
std::string RegionOf(const Surroundings& surroundings, std::string_view profile);

// Empty if it is not there.
std::string Find(const Settings& settings, std::string_view name);

// The path in the user's home folder.
std::string HomePath(const Surroundings& surroundings, std::string_view path);

}  // namespace tokenbroker::outbound::aws
