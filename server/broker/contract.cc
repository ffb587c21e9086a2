#include "server/broker/contract.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "rapidjson/document.h"
#include "rapidjson/pointer.h"
#define VALIJSON_USE_EXCEPTIONS 1  // without it a schema that it cannot read ends the process
#include "valijson/adapters/rapidjson_adapter.hpp"
#include "valijson/schema.hpp"
#include "valijson/schema_parser.hpp"
#include "valijson/validation_results.hpp"
#include "valijson/validator.hpp"

namespace tokenbroker::broker {
namespace {

constexpr int kMaxSchemaDepth = 64;
constexpr int kMaxExpandedDepth = 256;
constexpr uint64_t kMaxSchemaValues = 100'000;
// How many times a part of the schema may be held against a part of the output: about a second, and 100 MB of what is
// wrong.
constexpr uint64_t kMaxSteps = 1'000'000;

bool Parse(std::string_view text, rapidjson::Document& document) {
  document.Parse<rapidjson::kParseFullPrecisionFlag | rapidjson::kParseIterativeFlag |
                 rapidjson::kParseValidateEncodingFlag>(text.data(), text.size());
  return !document.HasParseError();
}

absl::Status Unusable(std::string_view why) {
  return absl::InvalidArgumentError(absl::string_view(why.data(), why.size()));
}

// What a schema costs: its values, what it refers to counted as often as it is referred to. Refuses what cannot be
// counted or must not be used. Without references in a circle a schema is a finite tree, so that checking an output
// takes no more steps than the tree has values times the output has.
class SchemaCost {
 public:
  explicit SchemaCost(const rapidjson::Document& document) : document_(document) {}

  // Adds the value's cost.
  absl::Status Add(const rapidjson::Value& value, int nested = 0) {
    ++steps_;
    if (nested > kMaxSchemaDepth) return Unusable(absl::StrCat("must not be nested deeper than ", kMaxSchemaDepth));
    if (path_.size() > kMaxExpandedDepth || steps_ > kMaxSchemaValues)
      return Unusable("refers to too much with \"$ref\"");
    if (value.IsArray()) {
      for (const auto& item : value.GetArray()) TB_RETURN_IF_ERROR(Add(item, nested + 1));
    }
    if (!value.IsObject()) return absl::OkStatus();
    if (std::find(path_.begin(), path_.end(), &value) != path_.end())
      return Unusable("must not refer to itself with \"$ref\"");
    path_.push_back(&value);
    for (const auto& member : value.GetObject()) TB_RETURN_IF_ERROR(AddMember(member, nested));
    path_.pop_back();
    return absl::OkStatus();
  }

  uint64_t steps() const { return steps_; }
  bool wants_unique_items() const { return wants_unique_items_; }

 private:
  // A keyword that is none, because it names a property, has a schema for a value and no text.
  absl::Status AddMember(const rapidjson::Value::Member& member, int nested) {
    const std::string_view name(member.name.GetString(), member.name.GetStringLength());
    const bool text = member.value.IsString();
    if (name == "patternProperties" || (name == "pattern" && text)) {
      return Unusable(
          absl::StrCat("must not use \"", absl::string_view(name.data(), name.size()), "\": not supported"));
    }
    if (nested > 0 && (name == "$id" || name == "id") && text) return Unusable("must not use \"$id\" but at the top");
    if (name == "multipleOf" && member.value.IsNumber() && !IsFactor(member.value)) {
      return Unusable("must use \"multipleOf\" with a number from above 0 to 2^63 - 1");
    }
    if (name == "uniqueItems") wants_unique_items_ = true;
    if (name == "$ref" && text)
      return AddReferred(std::string_view(member.value.GetString(), member.value.GetStringLength()));
    return Add(member.value, nested + 1);
  }

  // One by which a remainder can be computed: the processor stops at 0, and at -1, which 2^64 - 1 is to some.
  static bool IsFactor(const rapidjson::Value& number) {
    return number.IsInt64() ? number.GetInt64() > 0 : number.IsDouble() && number.GetDouble() > 0;
  }

  absl::Status AddReferred(std::string_view reference) {
    if (reference.empty() || reference[0] != '#') return Unusable("must not refer to another document with \"$ref\"");
    const rapidjson::Pointer pointer(reference.data(), reference.size());
    const rapidjson::Value* referred = pointer.IsValid() ? pointer.Get(document_) : nullptr;
    if (referred == nullptr) return Unusable("refers to nothing with \"$ref\"");
    return Add(*referred);
  }

  const rapidjson::Document& document_;
  uint64_t steps_ = 0;
  bool wants_unique_items_ = false;
  // The objects around what is being added.
  std::vector<const rapidjson::Value*> path_;
};

// What an output costs: its values; those of an array once more for each item if items must be unique.
uint64_t OutputCost(const rapidjson::Value& value, bool unique_items) {
  uint64_t cost = 1;
  if (value.IsArray()) {
    for (const auto& item : value.GetArray()) cost += OutputCost(item, unique_items);
    if (unique_items) cost *= std::max<uint64_t>(value.Size(), 1);
  } else if (value.IsObject()) {
    for (const auto& member : value.GetObject()) cost += OutputCost(member.value, unique_items);
  }
  return std::min(cost, kMaxSteps + 1);
}

// As the standard allows, "format" says something to people only: the regular expressions behind it can be made to
// overflow the stack.
void RemoveFormats(rapidjson::Value& value) {
  if (value.IsArray()) {
    for (auto& item : value.GetArray()) RemoveFormats(item);
  } else if (value.IsObject()) {
    for (auto member = value.MemberBegin(); member != value.MemberEnd();) {
      const std::string_view name(member->name.GetString(), member->name.GetStringLength());
      if (name == "format" && member->value.IsString()) {
        member = value.EraseMember(member);
        continue;
      }
      if (name != "const" && name != "enum") RemoveFormats(member->value);
      ++member;
    }
  }
}

// valijson throws on schemas it cannot read.
absl::Status Compile(const rapidjson::Document& document, valijson::Schema& schema) {
  try {
    valijson::SchemaParser parser;
    parser.populateSchema(valijson::adapters::RapidJsonAdapter(document), schema);
    return absl::OkStatus();
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("is not a usable JSON Schema: ", error.what()));
  }
}

// valijson names a place as ["<root>", "[items]", "[0]"]; a JSON pointer is "/items/0".
std::string PointerFrom(const std::vector<std::string>& context) {
  std::string pointer;
  for (std::string part : context) {
    if (part == "<root>") continue;
    if (part.size() >= 2 && part.front() == '[' && part.back() == ']') part = part.substr(1, part.size() - 2);
    pointer.push_back('/');
    for (char c : part) {
      if (c == '~')
        pointer.append("~0");
      else if (c == '/')
        pointer.append("~1");
      else
        pointer.push_back(c);
    }
  }
  return pointer;
}

size_t Depth(const std::string& pointer) { return std::count(pointer.begin(), pointer.end(), '/'); }

// Of all that is wrong, what lies deepest says most.
ContractBreach Deepest(valijson::ValidationResults& results) {
  ContractBreach breach{"output#", "does not meet the task's output schema"};
  size_t deepest = 0;
  valijson::ValidationResults::Error error;
  for (bool first = true; results.popError(error); first = false) {
    const std::string pointer = PointerFrom(error.context);
    if (!first && Depth(pointer) <= deepest) continue;
    deepest = Depth(pointer);
    breach = {"output#" + pointer, error.description};
  }
  return breach;
}

}  // namespace

absl::Status CheckSchema(std::string_view text) {
  rapidjson::Document document;
  if (!Parse(text, document)) return absl::InvalidArgumentError("is not well-formed JSON");
  if (!document.IsObject()) return absl::InvalidArgumentError("must be a JSON object");
  TB_RETURN_IF_ERROR(SchemaCost(document).Add(document));
  valijson::Schema schema;
  RemoveFormats(document);
  return Compile(document, schema);
}

std::optional<ContractBreach> CheckOutput(std::string_view schema_text, std::string_view output) {
  rapidjson::Document schema_document;
  rapidjson::Document output_document;
  valijson::Schema schema;
  if (!Parse(schema_text, schema_document)) return std::nullopt;  // checked at issue
  SchemaCost cost(schema_document);
  if (!cost.Add(schema_document).ok()) return std::nullopt;
  RemoveFormats(schema_document);
  if (!Compile(schema_document, schema).ok()) return std::nullopt;
  if (!Parse(output, output_document)) return ContractBreach{"output#", "is not well-formed JSON"};
  if (cost.steps() * OutputCost(output_document, cost.wants_unique_items()) > kMaxSteps) {
    return ContractBreach{"output#", "is too large to be held against a schema of this size"};
  }
  valijson::Validator validator;
  valijson::ValidationResults results;
  try {
    if (validator.validate(schema, valijson::adapters::RapidJsonAdapter(output_document), &results))
      return std::nullopt;
  } catch (const std::exception& error) {
    return ContractBreach{"output#", error.what()};
  }
  return Deepest(results);
}

std::optional<ContractBreach> CheckError(const std::vector<std::string_view>& allowed, std::string_view error) {
  if (allowed.empty() || std::find(allowed.begin(), allowed.end(), error) != allowed.end()) return std::nullopt;
  return ContractBreach{"error", "is not one of the error codes that the task allows"};
}

}  // namespace tokenbroker::broker
