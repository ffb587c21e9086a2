#include "server/contract/cost.h"

#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "server/contract/keywords.h"

namespace tokenbroker::contract {
namespace {

using rapidjson::Value;

// So many names or scalars are compared in the time of a step.
constexpr uint64_t kComparedInAStep = 8;
// And so many bytes of a text.
constexpr uint64_t kReadInAStep = 64;

class Steps {
 public:
  Steps(const rapidjson::Document& document, uint64_t most) : document_(document), most_(most) {}

  void Hold(const Value& schema, const Value& value) {
    if (steps_ > most_) return;
    steps_ += value.IsString() ? 1 + value.GetStringLength() / kReadInAStep : 1;
    if (!schema.IsObject()) return;
    for (const auto& member : schema.GetObject()) HoldMember(KeywordOf(NameOf(member)), member.value, value);
  }

  uint64_t steps() const { return steps_; }

 private:
  void HoldMember(Keyword keyword, const Value& said, const Value& value) {
    if (steps_ > most_) return;
    ++steps_;
    switch (keyword) {
      case Keyword::kSame:
        return Hold(said, value);
      case Keyword::kAllSame:
        return HoldAll(said, value);
      case Keyword::kReference:
        return HoldReferred(said, value);
      case Keyword::kItems:
        return said.IsArray() ? HoldFirst(said, value) : HoldItems(said, value);
      case Keyword::kEachItem:
        return HoldItems(said, value);
      case Keyword::kProperties:
        return HoldProperties(said, value);
      case Keyword::kEachMember:
        return HoldMembers(said, value);
      case Keyword::kNames:
        return HoldNames(said, value);
      case Keyword::kDependencies:
        return HoldDependencies(said, value);
      case Keyword::kValues:
        return Compare(said.IsArray() ? said.Size() : 1, value);
      case Keyword::kRequired:
        return LookUp(said.IsArray() ? said.Size() : 0, value);
      case Keyword::kUnique:
        return CompareItems(value);
      default:
        return;
    }
  }

  void HoldAll(const Value& schemas, const Value& value) {
    if (!schemas.IsArray()) return;
    for (const auto& schema : schemas.GetArray()) Hold(schema, value);
  }

  void HoldReferred(const Value& reference, const Value& value) {
    const auto [known, isNew] = referred_.try_emplace(&reference, nullptr);
    if (isNew) known->second = ReferredBy(reference, document_);
    const Value* const schema = known->second;
    if (schema != nullptr) Hold(*schema, value);
  }

  void HoldItems(const Value& schema, const Value& value) {
    if (!value.IsArray()) return;
    for (const auto& item : value.GetArray()) Hold(schema, item);
  }

  void HoldFirst(const Value& schemas, const Value& value) {
    if (!value.IsArray()) return;
    for (rapidjson::SizeType i = 0; i < schemas.Size() && i < value.Size(); ++i) Hold(schemas[i], value[i]);
  }

  void HoldProperties(const Value& properties, const Value& value) {
    if (!properties.IsObject() || !value.IsObject()) return;
    LookUp(properties.MemberCount(), value);
    for (const auto& property : properties.GetObject()) {
      if (steps_ > most_) return;
      const auto member = value.FindMember(property.name);
      if (member != value.MemberEnd()) Hold(property.value, member->value);
    }
  }

  void HoldMembers(const Value& schema, const Value& value) {
    if (!value.IsObject()) return;
    for (const auto& member : value.GetObject()) Hold(schema, member.value);
  }

  void HoldNames(const Value& schema, const Value& value) {
    if (!value.IsObject()) return;
    for (const auto& member : value.GetObject()) Hold(schema, member.name);
  }

  void HoldDependencies(const Value& dependencies, const Value& value) {
    if (!dependencies.IsObject() || !value.IsObject()) return;
    LookUp(dependencies.MemberCount(), value);
    for (const auto& dependency : dependencies.GetObject()) {
      if (dependency.value.IsArray()) {
        LookUp(dependency.value.Size(), value);
      } else {
        Hold(dependency.value, value);
      }
    }
  }

  // So many names are looked for among the value's, one after the other.
  void LookUp(uint64_t names, const Value& value) {
    if (value.IsObject()) steps_ += names + names * value.MemberCount() / kComparedInAStep;
  }

  void Compare(uint64_t times, const Value& value) { steps_ += times * (1 + SizeOf(value) / kComparedInAStep); }

  // Each with each.
  void CompareItems(const Value& value) {
    if (!value.IsArray() || value.Empty()) return;
    const uint64_t size = SizeOf(value);
    steps_ += size * value.Size() / kComparedInAStep;
  }

  // How many values it holds.
  uint64_t SizeOf(const Value& value) {
    uint64_t size = 1;
    if (value.IsArray()) {
      for (const auto& item : value.GetArray()) size += SizeOf(item);
    } else if (value.IsObject()) {
      for (const auto& member : value.GetObject()) size += SizeOf(member.value);
    }
    steps_ += 1;
    return size;
  }

  const rapidjson::Document& document_;
  const uint64_t most_;
  uint64_t steps_ = 0;
  absl::flat_hash_map<const Value*, const Value*> referred_;
};

}  // namespace

uint64_t CountSteps(const rapidjson::Document& schema, const Value& output, uint64_t most) {
  Steps steps(schema, most);
  steps.Hold(schema, output);
  return steps.steps();
}

}  // namespace tokenbroker::contract
