// Percent-encoding (RFC 3986), as paths, queries and forms have it.
#pragma once

#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"

namespace tokenbroker {

// Everything but [A-Za-z0-9-._~] as %XX, in capitals: good for one segment of a path and for either side of a
// parameter.
std::string PercentEncoded(std::string_view text);

// What a '+' means: itself in paths, a blank in queries and forms.
enum class Plus { kPlus, kBlank };

// Appends the decoded text. False, with anything appended, if a '%' is not followed by two hexadecimal digits.
bool AppendPercentDecoded(std::string_view encoded, Plus plus, std::string& out);

// The byte that an escape stands for, if the text begins with one; else -1.
int EscapedByte(std::string_view text);

// For each of "a=1&b", still encoded; without a '=' the value is empty. Empty pieces are left out.
void ForEachParameter(std::string_view query,
                      absl::FunctionRef<void(std::string_view name, std::string_view value)> each);

}  // namespace tokenbroker
