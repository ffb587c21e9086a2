// Percent-encoded text (RFC 3986), as it stands in paths and queries.
#pragma once

#include <string>
#include <string_view>

namespace tokenbroker::rest {

// Decodes %XX; in a query, '+' means a blank. False if a '%' is not followed by two hexadecimal digits, or the result
// is not UTF-8.
bool DecodePath(std::string_view encoded, std::string& out);
bool DecodeQuery(std::string_view encoded, std::string& out);

}  // namespace tokenbroker::rest
