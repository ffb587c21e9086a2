// One scalar from outside into one field of a message: what bodies, paths and query parameters have in common.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace tokenbroker::json {

// How a type of message is written in JSON, if not as an object of its fields.
enum class WellKnown { kNone, kTimestamp, kDuration, kAny };

WellKnown WellKnownOf(const google::protobuf::Descriptor& message);

// Where a value goes. The reflection is that of the message; who has it at hand spares a look-up that costs more than
// the value.
struct Slot {
  google::protobuf::Message& message;
  const google::protobuf::FieldDescriptor& field;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
};

// Each sets the field, or adds to it if it is repeated. What does not fit is INVALID_ARGUMENT with the rule alone as
// its text ("must be ..."), and changes nothing.

// From a JSON string: texts as they are, bytes in base64 (either alphabet, padded or not), enums by name, whole numbers
// and floating-point numbers as JSON would write them, Timestamp and Duration. Not bool, which is no string in JSON.
absl::Status PutText(std::string text, const Slot& slot);

// From a JSON number: numbers of any kind, and enums by number.
absl::Status PutNumber(std::string_view number, const Slot& slot);

void PutBool(bool value, const Slot& slot);

// From text that knows no kinds (a parameter, a key of a map): as PutText, but "true" and "false" are bools.
absl::Status PutParameter(std::string text, const Slot& slot);

// "must be a string", "must be true or false", ... as the field's type has it.
std::string TypeRule(const google::protobuf::FieldDescriptor& field);

}  // namespace tokenbroker::json
