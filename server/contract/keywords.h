// The keywords of JSON Schema draft 7 (https://json-schema.org/draft-07/json-schema-validation, and -core), by what
// stands behind them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rapidjson/document.h"

namespace tokenbroker::contract {

enum class Keyword : uint8_t {
  kOther,    // an annotation, a number, or none that draft 7 knows
  kSame,     // a schema for the same value: not, if, then, else
  kAllSame,  // several: allOf, anyOf, oneOf
  kReference,
  kItems,         // a schema for each item, or one for each of the first ones
  kEachItem,      // a schema for items: additionalItems, contains
  kProperties,    // by name
  kEachMember,    // additionalProperties
  kNames,         // propertyNames
  kDependencies,  // by name: a schema for the same value, or names
  kDefinitions,
  kValues,  // JSON to compare with: const, enum
  kRequired,
  kUnique,
  kMultiple,
  kId,
  kDraft,        // $schema
  kExpressions,  // pattern, patternProperties
  kLater,        // of a draft after 7, which a validator of draft 7 passes over
};

Keyword KeywordOf(std::string_view name);

inline std::string_view NameOf(const rapidjson::Value::Member& member) {
  return {member.name.GetString(), member.name.GetStringLength()};
}

// Where a "$ref" leads within the document: behind its "#" is a JSON pointer, to anything that is there. Null: nowhere,
// or out of it, or by way of a name that is empty.
const rapidjson::Value* ReferredBy(const rapidjson::Value& reference, const rapidjson::Document& document);
rapidjson::Value* ReferredBy(const rapidjson::Value& reference, rapidjson::Document& document);

// A "$ref" that leads somewhere, with no more escaped than must be.
std::string PlainReference(const rapidjson::Value& reference);

}  // namespace tokenbroker::contract
