// proto3 JSON (https://protobuf.dev/programming-guides/json/) into messages, strictly:
//
//   v1::SucceedRequest request;
//   TB_RETURN_IF_ERROR(json::ReadJson(body, request));
//
// Safe to call from any thread.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace tokenbroker::json {

// Reads one JSON object into `message`, which is empty, by reflection. Fields go by their JSON names or by those of the
// proto file; null leaves a field unset.
//
// What does not fit is INVALID_ARGUMENT; the text says which field, which rule and where (line and column), FieldOf
// says the field; `message` is then in no particular state. Refused are: what CheckJson refuses (nesting deeper than
// kMaxJsonDepth, bytes that are not UTF-8, ...), unknown fields, names given twice, two members of a oneof, wrong
// types, whole numbers out of range or with a fraction, enum values that are not declared, null in lists and maps,
// malformed base64, Timestamp and Duration; and, so that a small text makes no large message, the first element of a
// list or map beyond kMaxElements, or of all of them beyond kMaxElementsInAll (base/element_limits.h). What follows it
// is not read. Stricter than the specification asks in the declared enum values alone.
//
// `field` stands before the names of fields in messages, for a text that is only one field of a request.
//
// Messages of google.protobuf have their JSON form only if they are Timestamp, Duration or Any; no others are in use.
absl::Status ReadJson(std::string_view text, google::protobuf::Message& message, std::string_view field = {});

}  // namespace tokenbroker::json
