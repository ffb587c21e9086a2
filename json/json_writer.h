// Messages as proto3 JSON.
#pragma once

#include <string>
#include <string_view>

#include "google/protobuf/message.h"

namespace tokenbroker::json {

// Appends `message` to `out` as one line of JSON without blanks, by reflection: lowerCamelCase names in the order of
// the proto file, enums by name (by number if it has none), 64-bit whole numbers, bytes (base64) and the well-known
// times as strings.
//
// What has its default value is left out, with one exception: lists of `message` itself always stand there, if need be
// as [], so that who asked for a list gets one. Maps are sorted by key. A time out of range becomes null, an Any of an
// unknown type its "@type" alone.
void WriteJson(const google::protobuf::Message& message, std::string& out);

// Appends `text`, which is UTF-8, as a JSON string with its quotes. Escaped is what RFC 8259 wants, U+007F, and U+2028
// and U+2029, at which some readers of lines would break.
void WriteString(std::string_view text, std::string& out);

}  // namespace tokenbroker::json
