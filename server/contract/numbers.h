// Numbers of contracts and outputs, as they are and not as the doubles next to them.
//
// A number is an integer of 64 bits, or a double (parse.h); a long double holds each of them exactly.
#pragma once

#include <limits>
#include <string>

#include "rapidjson/document.h"

namespace tokenbroker::contract {

using Number = long double;
static_assert(std::numeric_limits<Number>::digits >= 64);

// Of a value that is a number.
Number NumberOf(const rapidjson::Value& value);

// Whether it is a number without a fraction. From 2^64 on, every double is.
bool IsInteger(const rapidjson::Value& value);

// Equal as JSON Schema has it (draft 7, 4.2.3 of the core): numbers by what they are worth, objects whatever the order.
bool IsSame(const rapidjson::Value& a, const rapidjson::Value& b);

// Exact among integers of 64 bits; else as near as doubles are to what was written.
bool IsMultiple(const rapidjson::Value& number, const rapidjson::Value& factor);

// As it is written in JSON.
std::string TextOfNumber(const rapidjson::Value& number);

}  // namespace tokenbroker::contract
