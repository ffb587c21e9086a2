// How a message shows a word from outside that is wrong.
#pragma once

#include <string>
#include <string_view>

namespace tokenbroker {

// The word in quotes. One that is long enough to be a token (32 characters) is not shown: it may be one, in the wrong
// place.
std::string Shown(std::string_view word);

}  // namespace tokenbroker
