// The fields of a form that asks for an output, from the task's output schema; and back, from what was filled in to the
// output.
//
// A schema of one object whose properties are texts, numbers, truth values or one of some texts becomes a field each,
// in the schema's order. Any other schema becomes one field for JSON text. The broker checks the output against the
// schema afterwards, as always: the form is a convenience and decides nothing.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace tokenbroker::pages {

// Names that begin so are the door's own.
inline constexpr char kOwnPrefix = '_';
// The field for an output as JSON text.
inline constexpr char kOutputField[] = "_output";

// What was filled in, in its order.
using Filled = std::vector<std::pair<std::string, std::string>>;
// The first field of that name, or empty.
std::string_view ValueOf(const Filled& filled, std::string_view name);

struct Field {
  enum class Kind { kText, kLongText, kNumber, kInteger, kBoolean, kChoice };
  std::string name;
  std::string title;
  std::string description;
  Kind kind = Kind::kText;
  bool required = false;
  // The value that it opens with.
  std::string preset;
  std::vector<std::string> choices;
};

struct Form {
  std::vector<Field> fields;
  // There is a schema that no fields can be made for.
  bool free = false;
};

// Never fails: what is no such schema is free. Empty: no fields.
Form FormOf(std::string_view schema);

// The output that a form stands for: `_output` if it is there and not empty; a JSON object with the fields of the form,
// in their types; without a schema an object of texts with whatever was filled in. INVALID_ARGUMENT names the field.
absl::StatusOr<std::string> OutputOf(const Form& form, const Filled& filled);

// What a broken contract is about, in the words of the form: "output#/limit: must be ..." becomes "Credit limit: must
// be ...". As it is if no field is meant.
std::string InWordsOf(const Form& form, std::string_view field, std::string_view message);

// All but the door's own fields, as a JSON object of texts; a name twice is INVALID_ARGUMENT.
absl::StatusOr<std::string> ObjectOf(const Filled& filled);

}  // namespace tokenbroker::pages
