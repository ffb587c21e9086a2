#include "server/broker/contract.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "rapidjson/document.h"
#include "valijson/adapters/rapidjson_adapter.hpp"
#include "valijson/schema.hpp"
#include "valijson/schema_parser.hpp"
#include "valijson/validation_results.hpp"
#include "valijson/validator.hpp"

namespace tokenbroker::broker {
namespace {

constexpr int kMaxSchemaDepth = 64;

bool Parse(std::string_view text, rapidjson::Document& document) {
  document.Parse<rapidjson::kParseFullPrecisionFlag | rapidjson::kParseIterativeFlag>(text.data(), text.size());
  return !document.HasParseError();
}

absl::Status CheckKeywords(const rapidjson::Value& value, int depth);

absl::Status CheckMember(std::string_view name, const rapidjson::Value& value) {
  if (name == "pattern" || name == "patternProperties") {
    return absl::InvalidArgumentError(absl::StrCat("must not use \"", absl::string_view(name.data(), name.size()), "\": not supported"));
  }
  if (name == "$ref" && value.IsString() && value.GetStringLength() > 0 && value.GetString()[0] != '#') {
    return absl::InvalidArgumentError("must not refer to another document with \"$ref\"");
  }
  return absl::OkStatus();
}

absl::Status CheckKeywords(const rapidjson::Value& value, int depth) {
  if (depth > kMaxSchemaDepth) return absl::InvalidArgumentError(absl::StrCat("must not be nested deeper than ", kMaxSchemaDepth));
  if (value.IsObject()) {
    for (const auto& member : value.GetObject()) {
      const std::string_view name(member.name.GetString(), member.name.GetStringLength());
      if (absl::Status status = CheckMember(name, member.value); !status.ok()) return status;
      if (absl::Status status = CheckKeywords(member.value, depth + 1); !status.ok()) return status;
    }
  } else if (value.IsArray()) {
    for (const auto& item : value.GetArray()) {
      if (absl::Status status = CheckKeywords(item, depth + 1); !status.ok()) return status;
    }
  }
  return absl::OkStatus();
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
      if (c == '~') pointer.append("~0");
      else if (c == '/') pointer.append("~1");
      else pointer.push_back(c);
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
  if (absl::Status status = CheckKeywords(document, 0); !status.ok()) return status;
  valijson::Schema schema;
  return Compile(document, schema);
}

std::optional<ContractBreach> CheckOutput(std::string_view schema_text, std::string_view output) {
  rapidjson::Document schema_document;
  rapidjson::Document output_document;
  valijson::Schema schema;
  if (!Parse(schema_text, schema_document) || !Compile(schema_document, schema).ok()) return std::nullopt;  // checked at issue
  if (!Parse(output, output_document)) return ContractBreach{"output#", "is not well-formed JSON"};
  valijson::Validator validator;
  valijson::ValidationResults results;
  try {
    if (validator.validate(schema, valijson::adapters::RapidJsonAdapter(output_document), &results)) return std::nullopt;
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
