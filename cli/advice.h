// Errors as people read them: what happened, why, what to do.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace tokenbroker::cli {

// Several lines, the first being "tokenctl: <what happened>". Never holds a token: the broker puts none into its
// errors, and neither do we.
std::string Explain(const absl::Status& error);

// `text` with control characters shown as "?", so that what others wrote cannot steer the reader's terminal.
std::string Printable(const std::string& text);
}  // namespace tokenbroker::cli
