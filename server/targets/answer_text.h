// Texts of others, made fit for an Answer.
#pragma once

#include <string>
#include <string_view>

namespace tokenbroker::targets {

// At most Answer::kMaxMessage bytes of UTF-8 without control characters, and without any piece of `secret` that would
// be of use: what has 12 or more bytes in common with it becomes "...".
std::string ForPeople(std::string_view text, std::string_view secret = {});

}  // namespace tokenbroker::targets
