// What is wrong with a request in text form: which field, which rule, where.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"

namespace tokenbroker::json {

// Where a value stands in a message; made on the way down and turned into text only when something is wrong.
struct Path {
  const Path* parent = nullptr;
  // A name; empty for the message as a whole and for elements.
  std::string_view name;
  // The place in a list, or -1.
  int index = -1;
  // Whether `name` is a key of a map.
  bool is_key = false;

  // As google.rpc.BadRequest names fields: "items[3].task.key", "labels[team]", with the names of the proto file. A
  // name that came from outside is cut at 64 bytes.
  std::string Text() const;
};

// INVALID_ARGUMENT with the text "<field> <rule>", or "the request <rule>" where no field is concerned. Rules never
// quote values: those may be secret.
absl::Status Fault(std::string_view field, std::string_view rule);

// The field that a Fault is about; empty if none.
std::string FieldOf(const absl::Status& status);

// "line 3, column 14" (both from 1, in bytes) of an offset in `text`.
std::string Place(std::string_view text, size_t offset);

std::string Concat(std::initializer_list<std::string_view> parts);

}  // namespace tokenbroker::json
