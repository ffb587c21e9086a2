#include "server/pages/form.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/json.h"
#include "base/status_macros.h"
#include "json/json_writer.h"

namespace tokenbroker::pages {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxFields = 40;
constexpr size_t kMaxChoices = 100;
constexpr int kLongText = 120;
constexpr size_t kMaxNumber = 64;

std::string TextAt(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

bool AllTexts(const Json& list) {
  return list.is_array() && !list.empty() && list.size() <= kMaxChoices &&
         std::all_of(list.begin(), list.end(), [](const Json& each) { return each.is_string(); });
}

std::string PresetOf(const Json& property) {
  const auto found = property.find("default");
  if (found == property.end()) return "";
  return found->is_string() ? found->get<std::string>() : found->is_primitive() ? found->dump() : "";
}

bool IsLong(const Json& property) {
  const auto found = property.find("maxLength");
  return found != property.end() && found->is_number_integer() && found->get<int64_t>() > kLongText;
}

// False if the property is none that a field can be made for.
bool SetKind(const Json& property, Field& field) {
  if (const auto choices = property.find("enum"); choices != property.end()) {
    if (!AllTexts(*choices)) return false;
    field.kind = Field::Kind::kChoice;
    for (const Json& choice : *choices) field.choices.push_back(choice.get<std::string>());
    return true;
  }
  const std::string type = TextAt(property, "type");
  if (type == "string")
    field.kind = IsLong(property) ? Field::Kind::kLongText : Field::Kind::kText;
  else if (type == "number")
    field.kind = Field::Kind::kNumber;
  else if (type == "integer")
    field.kind = Field::Kind::kInteger;
  else if (type == "boolean")
    field.kind = Field::Kind::kBoolean;
  else
    return false;
  return true;
}

bool AddField(const std::string& name, const Json& property, const std::set<std::string>& required, Form& form) {
  Field field;
  if (name.empty() || name[0] == kOwnPrefix || !property.is_object() || !SetKind(property, field)) return false;
  field.name = name;
  field.title = TextAt(property, "title");
  if (field.title.empty()) field.title = name;
  field.description = TextAt(property, "description");
  field.preset = PresetOf(property);
  field.required = required.contains(name);
  form.fields.push_back(std::move(field));
  return form.fields.size() <= kMaxFields;
}

std::set<std::string> RequiredOf(const Json& schema) {
  std::set<std::string> names;
  const auto found = schema.find("required");
  if (found == schema.end() || !found->is_array()) return names;
  for (const Json& name : *found) {
    if (name.is_string()) names.insert(name.get<std::string>());
  }
  return names;
}

// False if it takes more than fields to meet the schema.
bool AddFields(const Json& schema, Form& form) {
  const auto properties = schema.find("properties");
  if (TextAt(schema, "type") != "object" || properties == schema.end() || !properties->is_object()) return false;
  std::set<std::string> required = RequiredOf(schema);
  for (const auto& [name, property] : properties->items()) {
    if (!AddField(name, property, required, form)) return false;
    required.erase(name);
  }
  return required.empty();
}

absl::Status BadField(const Field& field, std::string_view rule) {
  return absl::InvalidArgumentError(
      absl::StrCat("the field ", field.title, " ", absl::string_view(rule.data(), rule.size())));
}

// As JSON has it. A form may be megabytes long: what cannot be a number anybody means is not looked into.
bool IsNumber(std::string_view text, bool whole) {
  if (text.size() > kMaxNumber || !CheckJson(text).ok()) return false;
  const absl::string_view number = absl::StripAsciiWhitespace(absl::string_view(text.data(), text.size()));
  if (number[0] != '-' && !absl::ascii_isdigit(number[0])) return false;
  double value = 0;
  if (whole) return number.find_first_of(".eE") == absl::string_view::npos;
  return absl::SimpleAtod(number, &value) && std::isfinite(value);
}

// The member's value as JSON text; empty: leave the member out.
absl::StatusOr<std::string> ValueText(const Field& field, const Filled& filled) {
  const std::string value(ValueOf(filled, field.name));
  std::string out;
  switch (field.kind) {
    case Field::Kind::kBoolean:
      return std::string(value.empty() || value == "false" || value == "0" ? "false" : "true");
    case Field::Kind::kNumber:
    case Field::Kind::kInteger:
      if (value.empty()) return field.required ? BadField(field, "is required") : absl::StatusOr<std::string>("");
      if (!IsNumber(value, field.kind == Field::Kind::kInteger)) {
        const char* const what = field.kind == Field::Kind::kInteger ? "whole number" : "number";
        return BadField(field, absl::StrCat("must be a ", what, " of at most ", kMaxNumber, " characters"));
      }
      return value;
    case Field::Kind::kChoice:
      if (value.empty() && !field.required) return std::string();
      if (std::find(field.choices.begin(), field.choices.end(), value) == field.choices.end()) {
        return BadField(field, "must be one of those that are offered");
      }
      break;
    case Field::Kind::kText:
    case Field::Kind::kLongText:
      if (value.empty()) return field.required ? BadField(field, "is required") : absl::StatusOr<std::string>("");
      break;
  }
  json::WriteString(value, out);
  return out;
}

}  // namespace

std::string_view ValueOf(const Filled& filled, std::string_view name) {
  for (const auto& [key, value] : filled) {
    if (key == name) return value;
  }
  return {};
}

Form FormOf(std::string_view schema) {
  Form form;
  if (schema.empty()) return form;
  const Json json = Json::parse(schema.begin(), schema.end(), nullptr, false);
  if (!json.is_object() || !AddFields(json, form)) {
    form.fields.clear();
    form.free = true;
  }
  return form;
}

absl::StatusOr<std::string> OutputOf(const Form& form, const Filled& filled) {
  if (const std::string_view text = ValueOf(filled, kOutputField); !text.empty()) {
    if (const absl::Status form_of_it = CheckJson(text); !form_of_it.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("the output is ", form_of_it.message()));
    }
    return std::string(text);
  }
  if (form.fields.empty()) return ObjectOf(filled);
  std::string output;
  for (const Field& field : form.fields) {
    TB_ASSIGN_OR_RETURN(const std::string value, ValueText(field, filled));
    if (value.empty()) continue;
    output.push_back(output.empty() ? '{' : ',');
    json::WriteString(field.name, output);
    absl::StrAppend(&output, ":", value);
  }
  return output.empty() ? "{}" : output + "}";
}

std::string InWordsOf(const Form& form, std::string_view field, std::string_view message) {
  constexpr std::string_view kPointer = "output#/";
  const bool prefixed = message.substr(0, field.size()) == field;
  if (!prefixed || field.substr(0, kPointer.size()) != kPointer) return std::string(message);
  const std::string_view name = field.substr(kPointer.size());
  for (const Field& each : form.fields) {
    if (each.name == name) return each.title + std::string(message.substr(field.size()));
  }
  return std::string(message);
}

absl::StatusOr<std::string> ObjectOf(const Filled& filled) {
  std::string object;
  std::set<std::string_view> names;
  for (const auto& [name, value] : filled) {
    if (!name.empty() && name[0] == kOwnPrefix) continue;
    if (!names.insert(name).second) return absl::InvalidArgumentError("a field of the form is there twice");
    object.push_back(object.empty() ? '{' : ',');
    json::WriteString(name, object);
    object.push_back(':');
    json::WriteString(value, object);
  }
  return object.empty() ? "{}" : object + "}";
}

}  // namespace tokenbroker::pages
