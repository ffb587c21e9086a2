// What every text from outside is asked before it is kept.
#pragma once

#include <string_view>

namespace tokenbroker {

// Shortest form only, no surrogates, nothing above U+10FFFF (RFC 3629).
bool IsValidUtf8(std::string_view text);

// Whether there is any of U+0000 to U+001F, U+007F, or (as UTF-8) U+0080 to U+009F.
bool HasControlCharacters(std::string_view text);

}  // namespace tokenbroker
