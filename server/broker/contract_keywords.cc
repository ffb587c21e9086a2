#include "server/broker/contract_keywords.h"

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "rapidjson/pointer.h"

namespace tokenbroker::broker {

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
  if (!reference.IsString() || reference.GetStringLength() == 0 || reference.GetString()[0] != '#') return nullptr;
  const rapidjson::Pointer pointer(reference.GetString(), reference.GetStringLength());
  return pointer.IsValid() ? pointer.Get(document) : nullptr;
}

}  // namespace tokenbroker::broker
