// The JSON of contracts and of what is held against them, made ready for a validator that has habits of its own.
//
//   what is nested deeper than 128   ends here, as everywhere (base/json.h)
//   an object that has a name twice  is no text that means the same to everybody: refused
//   1.0, 1e18                        are integers (JSON Schema draft 7, 6.1.1), and become such if of 64 bits
//   "\u0000"                         ends a text for the validator: U+FFFE, which is no character, stands for it
//
// Other numbers are doubles: what has a fraction, is beyond 64 bits, or on its way here had a point or an exponent.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "rapidjson/document.h"

namespace tokenbroker::contract {

// INVALID_ARGUMENT says why the text cannot be used, and repeats nothing of it.
absl::Status ParseJson(std::string_view text, rapidjson::Document& document);

}  // namespace tokenbroker::contract
