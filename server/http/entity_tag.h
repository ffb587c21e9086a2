// Entity tags, so that what a caller has already is not sent again (RFC 9110, 8.8.3 and 13.1.2).
#pragma once

#include <string>
#include <string_view>

namespace tokenbroker::http {

// A strong one, the same for the same text in every process: `"0123456789abcdef0123456789abcdef"`.
std::string EntityTagOf(std::string_view text);

// Whether the value of If-None-Match names the tag. Compares weakly, as it is to be for this field: proxies that pack
// an answer make its tag weak.
bool MatchesEntityTag(std::string_view if_none_match, std::string_view tag);

}  // namespace tokenbroker::http
