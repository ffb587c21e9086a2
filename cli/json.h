// JSON as this program prints it: members in the order they were put in, payloads of others verbatim.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace tokenbroker::cli {

using Json = nlohmann::ordered_json;

bool IsJson(std::string_view text);

// A node that Print writes out as `text` itself, so that numbers and spelling survive; a string when it is not JSON.
Json Verbatim(const std::string& text);

// Any bytes as the text of a JSON string; what is not UTF-8 becomes U+FFFD.
std::string QuoteJson(const std::string& bytes);

enum class Layout { kIndented, kOneLine };
std::string Print(const Json& json, Layout layout);

}  // namespace tokenbroker::cli
