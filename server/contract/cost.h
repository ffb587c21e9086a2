// What it costs to hold an output against a schema.
#pragma once

#include <cstdint>

#include "rapidjson/document.h"

namespace tokenbroker::contract {

// How many times a part of the schema is held against a part of the output, at most; counted up to a little beyond
// `most`, which takes a fraction of the time that holding takes. What compares values counts more. The schema is one
// that MakeReady lets pass.
uint64_t CountSteps(const rapidjson::Document& schema, const rapidjson::Value& output, uint64_t most);

}  // namespace tokenbroker::contract
