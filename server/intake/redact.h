// Takes a secret out of JSON.
#pragma once

#include <string>
#include <string_view>

namespace tokenbroker::intake {

// The JSON text, with "[task token]" for each time that a string or a name holds the token. Everything else stays as it
// stands. `raw_token` is the token as the same document writes it between its quotes.
std::string WithoutToken(std::string_view checked_json, std::string_view raw_token);

}  // namespace tokenbroker::intake
