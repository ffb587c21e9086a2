// Where the broker is and how to speak to it, decided once per run: flag, else environment, else profile, else default.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "cli/profile.h"

namespace tokenbroker::cli {

// The value of an environment variable; unset and empty are both nothing.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment SystemEnvironment();

struct ConnectionFlags {
  std::optional<std::string> address;
  std::optional<std::string> name_space;
  std::optional<std::string> profile;
  std::optional<std::string> api_key_file;
  bool tls = false;
  std::optional<std::string> tls_ca;
  std::optional<std::string> tls_cert;
  std::optional<std::string> tls_key;
  std::optional<std::string> timeout;
  std::optional<std::string> base_url;
};

struct Settings {
  std::string profile;  // Empty when none is in use.
  std::string address = "127.0.0.1:7433";
  std::string name_space = "default";
  std::string api_key;  // From the environment only; otherwise read from api_key_file when connecting.
  std::string api_key_file;
  // Set by --tls and implied by any of the three files.
  bool tls = false;
  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;
  // Of callback URLs.
  std::string base_url = "http://127.0.0.1:8433";
  // Unset when the command's own default holds.
  std::optional<DurationMs> timeout;

  static constexpr DurationMs kDefaultTimeout = 10'000;
  DurationMs TimeoutOr(DurationMs otherwise) const { return timeout.value_or(otherwise); }

  // An API key travels readable for others on the way.
  bool SendsKeyInTheClear() const;
};

absl::StatusOr<Settings> Decide(const ConnectionFlags& flags, const Environment& environment);

}  // namespace tokenbroker::cli
