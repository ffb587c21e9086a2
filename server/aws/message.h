// A request and its answer, as this door needs them: whatever HTTP server stands in front fills the one and sends the
// other.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/sigv4/request.h"

namespace tokenbroker::aws {

struct Answer {
  int status = 200;
  // A literal.
  std::string_view content_type;
  // Names are literals.
  std::vector<std::pair<std::string_view, std::string>> headers;
  std::string body;
  // Which operation it was, for whoever counts: a name from the table, or empty. And by which name it was refused.
  std::string_view operation;
  std::string_view error;
  // google.rpc.Code, 0 for success.
  int code = 0;
};

}  // namespace tokenbroker::aws
