// The parts of an absolute http or https URL.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tokenbroker::outbound {

struct Url {
  bool tls = false;
  // In lower case; IPv6 with its brackets.
  std::string host;
  // With the port unless it is the scheme's own: what the Host field says.
  std::string authority;
  // As it stands there: encoded; "/" if there is none.
  std::string path;
  // As it stands there, without the question mark.
  std::string query;
};

// INVALID_ARGUMENT, which does not quote the URL (there may be a secret in it), for everything else, also for a user
// name, a fragment, blanks and control characters.
absl::StatusOr<Url> ParseUrl(std::string_view text);

}  // namespace tokenbroker::outbound
