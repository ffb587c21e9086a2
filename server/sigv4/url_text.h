// What a query says, as signatures take it.
#pragma once

#include <string>
#include <string_view>

namespace tokenbroker::aws {

// %XX become bytes, '+' a blank: SDKs write blanks in both ways and sign the same. What is no such sequence stays.
std::string Decoded(std::string_view text);

}  // namespace tokenbroker::aws
