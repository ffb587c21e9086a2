// Percent-encoding as signatures want it, and the parameters of a query.
#pragma once

#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"

namespace tokenbroker::aws {

// Everything but [A-Za-z0-9-_.~] becomes %XX, in capitals.
void AppendEncoded(std::string_view text, std::string& out);

// %XX become bytes, '+' a blank: SDKs write blanks in both ways and sign the same. What is no such sequence stays.
std::string Decoded(std::string_view text);

// For each of "a=1&b", still encoded; without a '=' the value is empty. Empty pieces are left out.
void ForEachParameter(std::string_view query,
                      absl::FunctionRef<void(std::string_view name, std::string_view value)> each);

}  // namespace tokenbroker::aws
