#include "server/contract/keywords.h"

#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/percent.h"
#include "rapidjson/pointer.h"

namespace tokenbroker::contract {
namespace {

// Nothing if it is none into this document. RapidJSON would read the fragment itself, but takes no "$" in it.
std::optional<rapidjson::Pointer> PointerOf(const rapidjson::Value& reference) {
  absl::string_view text =
      reference.IsString() ? absl::string_view(reference.GetString(), reference.GetStringLength()) : "";
  std::string decoded;
  if (!absl::ConsumePrefix(&text, "#") || !AppendPercentDecoded({text.data(), text.size()}, Plus::kPlus, decoded))
    return std::nullopt;
  const rapidjson::Pointer pointer(decoded.data(), decoded.size());
  if (!pointer.IsValid()) return std::nullopt;
  for (size_t i = 0; i < pointer.GetTokenCount(); ++i) {
    if (pointer.GetTokens()[i].length == 0) return std::nullopt;
  }
  return pointer;
}

}  // namespace

Keyword KeywordOf(std::string_view name) {
  static const auto* const keywords = new absl::flat_hash_map<absl::string_view, Keyword>{
      {"not", Keyword::kSame},
      {"if", Keyword::kSame},
      {"then", Keyword::kSame},
      {"else", Keyword::kSame},
      {"allOf", Keyword::kAllSame},
      {"anyOf", Keyword::kAllSame},
      {"oneOf", Keyword::kAllSame},
      {"$ref", Keyword::kReference},
      {"items", Keyword::kItems},
      {"additionalItems", Keyword::kEachItem},
      {"contains", Keyword::kEachItem},
      {"properties", Keyword::kProperties},
      {"additionalProperties", Keyword::kEachMember},
      {"propertyNames", Keyword::kNames},
      {"dependencies", Keyword::kDependencies},
      {"definitions", Keyword::kDefinitions},
      {"const", Keyword::kValues},
      {"enum", Keyword::kValues},
      {"required", Keyword::kRequired},
      {"uniqueItems", Keyword::kUnique},
      {"multipleOf", Keyword::kMultiple},
      {"$id", Keyword::kId},
      {"id", Keyword::kId},
      {"$schema", Keyword::kDraft},
      {"pattern", Keyword::kExpressions},
      {"patternProperties", Keyword::kExpressions},
      {"$anchor", Keyword::kLater},
      {"$dynamicRef", Keyword::kLater},
      {"$recursiveRef", Keyword::kLater},
      {"dependentRequired", Keyword::kLater},
      {"dependentSchemas", Keyword::kLater},
      {"maxContains", Keyword::kLater},
      {"minContains", Keyword::kLater},
      {"prefixItems", Keyword::kLater},
      {"unevaluatedItems", Keyword::kLater},
      {"unevaluatedProperties", Keyword::kLater},
  };
  const auto found = keywords->find(absl::string_view(name.data(), name.size()));
  return found == keywords->end() ? Keyword::kOther : found->second;
}

const rapidjson::Value* ReferredBy(const rapidjson::Value& reference, const rapidjson::Document& document) {
  const std::optional<rapidjson::Pointer> pointer = PointerOf(reference);
  return pointer.has_value() ? pointer->Get(document) : nullptr;
}

rapidjson::Value* ReferredBy(const rapidjson::Value& reference, rapidjson::Document& document) {
  const std::optional<rapidjson::Pointer> pointer = PointerOf(reference);
  return pointer.has_value() ? pointer->Get(document) : nullptr;
}

std::string PlainReference(const rapidjson::Value& reference) {
  const std::optional<rapidjson::Pointer> pointer = PointerOf(reference);
  std::string plain = "#";
  for (size_t i = 0; pointer.has_value() && i < pointer->GetTokenCount(); ++i) {
    const rapidjson::Pointer::Token& token = pointer->GetTokens()[i];
    absl::StrAppend(
        &plain, "/",
        absl::StrReplaceAll(absl::string_view(token.name, token.length), {{"~", "~0"}, {"/", "~1"}, {"%", "%25"}}));
  }
  return plain;
}

}  // namespace tokenbroker::contract
