// Errors as people read them: what happened, why, what to do.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tokenbroker::cli {

// Several lines, the first being "tokenctl: <what happened>". Never holds a token: the broker puts none into its
// errors, and neither do we.
std::string Explain(const absl::Status& error);

// `text` with control characters shown as "?", so that what others wrote cannot steer the reader's terminal.
std::string Printable(const std::string& text);

// A word of the command line in quotes, for a message that says what is wrong with it. One that is long enough to be a
// token is not shown: it may be one, in the wrong place.
std::string Shown(std::string_view word);

}  // namespace tokenbroker::cli
