#include "server/contract/contract.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "rapidjson/document.h"
#include "server/contract/adapter.h"
#include "server/contract/constraints.h"
#include "server/contract/cost.h"
#include "server/contract/parse.h"
#include "server/contract/schema.h"
#include "valijson/schema.hpp"
#include "valijson/schema_parser.hpp"
#include "valijson/validation_results.hpp"
#include "valijson/validator.hpp"

namespace tokenbroker::contract {
namespace {

// In steps of CountSteps: some tenths of a second, if all that is found is that something is wrong.
constexpr uint64_t kMaxSteps = 1'000'000;
// What is wrong, and where, is collected for each alternative that was tried: it takes longer, and memory.
constexpr uint64_t kMaxExplainedSteps = 300'000;

// valijson throws on schemas it cannot read. The document must stay as long as the schema.
absl::Status Compile(const rapidjson::Document& document, valijson::Schema& schema) {
  try {
    valijson::SchemaParser parser;
    AddConstraints(parser);
    parser.populateSchema(JsonAdapter(document), schema);
    return absl::OkStatus();
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(error.what());
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
Breach Deepest(valijson::ValidationResults& results) {
  Breach breach{"output#", "does not meet the task's output schema"};
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

std::optional<Breach> Hold(const valijson::Schema& schema, const rapidjson::Document& output, bool explain) {
  const JsonAdapter adapter(output);
  valijson::ValidationResults results;
  try {
    valijson::Validator validator;
    if (validator.validate(schema, adapter, nullptr)) return std::nullopt;
    if (explain) validator.validate(schema, adapter, &results);
  } catch (const std::exception& error) {
    return Breach{"output#", error.what()};
  }
  return Deepest(results);
}

}  // namespace

absl::Status CheckSchema(std::string_view text) {
  rapidjson::Document document;
  TB_RETURN_IF_ERROR(ParseJson(text, document));
  TB_RETURN_IF_ERROR(MakeReady(document));
  valijson::Schema schema;
  return Compile(document, schema);
}

std::optional<Breach> CheckOutput(std::string_view schema_text, std::string_view output) {
  rapidjson::Document schema_document;
  rapidjson::Document output_document;
  valijson::Schema schema;
  if (!ParseJson(schema_text, schema_document).ok()) return std::nullopt;  // checked at issue
  if (!MakeReady(schema_document).ok()) return std::nullopt;
  if (!Compile(schema_document, schema).ok()) return std::nullopt;
  const absl::Status parsed = ParseJson(output, output_document);
  if (!parsed.ok()) return Breach{"output#", std::string(parsed.message())};
  const uint64_t steps = CountSteps(schema_document, output_document, kMaxSteps);
  if (steps > kMaxSteps) return Breach{"output#", "is too large to be held against the task's output schema"};
  return Hold(schema, output_document, /*explain=*/steps <= kMaxExplainedSteps);
}

std::optional<Breach> CheckError(absl::Span<const std::string_view> allowed, std::string_view error) {
  if (allowed.empty() || std::find(allowed.begin(), allowed.end(), error) != allowed.end()) return std::nullopt;
  return Breach{"error", "is not one of the error codes that the task allows"};
}

std::optional<Breach> FindBreach(const Contract& contract, storage::TaskState state, std::string_view output,
                                 std::string_view error) {
  if (state == storage::TaskState::kFailed) return CheckError(contract.allowed_errors, error);
  if (state != storage::TaskState::kSucceeded || contract.output_schema.empty()) return std::nullopt;
  return CheckOutput(contract.output_schema, output);
}

}  // namespace tokenbroker::contract
