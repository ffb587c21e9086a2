// From the parts of an HTTP request to the request of a call.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "server/rest/route_table.h"

namespace tokenbroker::rest {

inline constexpr size_t kMaxParameters = 256;

// Fills `message`, which is empty and of the type that the route's method takes.
//
//   * The body is the request, or one field of it, as proto3 JSON; an empty one is {}. Where the route takes none,
//     none may come. Of a call that streams, it is one message of the stream.
//   * Variables of the path are percent-decoded. The body may say the same, but nothing else.
//   * Query parameters are named after fields ("filter.states", by either name), given again for lists, with a key for
//     maps ("filter.labels[team]"). Where the body is the request there are none.
//
// Otherwise INVALID_ARGUMENT, as a json::Fault: the text names field and rule, json::FieldOf the field; then `message`
// is in no particular state. What a value means is not judged.
absl::Status Bind(const Found& found, std::string_view query, std::string_view body,
                  google::protobuf::Message& message);

// The header `Idempotency-Key` is the request_id of those requests that have one, if they do not say it themselves; of
// others, nothing. INVALID_ARGUMENT if they say something else, or if it is not UTF-8.
absl::Status BindIdempotencyKey(std::string_view key, google::protobuf::Message& message);

}  // namespace tokenbroker::rest
