// What every text from outside is asked before it is kept, and how it is cut.
#pragma once

#include <cstddef>
#include <string_view>

namespace tokenbroker {

// Shortest form only, no surrogates, nothing above U+10FFFF (RFC 3629).
bool IsValidUtf8(std::string_view text);

// Whether there is any of U+0000 to U+001F, U+007F, or (as UTF-8) U+0080 to U+009F.
bool HasControlCharacters(std::string_view text);

// The bytes of the character that the text begins with; 0 if it is empty or begins with no valid UTF-8.
size_t FirstCharacterSize(std::string_view text);

// The beginning of the text, at most `max` bytes, not cut through a character. Text that is no UTF-8 at that place is
// cut there.
std::string_view CutAtCharacter(std::string_view text, size_t max);

}  // namespace tokenbroker
