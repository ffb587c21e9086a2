#include "server/contract/schema.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/contract/keywords.h"
#include "server/contract/numbers.h"

namespace tokenbroker::contract {
namespace {

using rapidjson::Value;

constexpr int kMaxDepth = 64;
constexpr size_t kMaxExpandedDepth = 256;
constexpr uint64_t kMaxValues = 100'000;

template <typename... Parts>
absl::Status Unusable(const Parts&... why) {
  return absl::InvalidArgumentError(absl::StrCat(why...));
}

absl::string_view Quoted(std::string_view name) { return {name.data(), name.size()}; }

bool IsDeeper(const Value& value, int depth) {
  if (depth < 0) return true;
  if (value.IsArray()) {
    const auto items = value.GetArray();
    return std::any_of(items.begin(), items.end(), [depth](const Value& item) { return IsDeeper(item, depth - 1); });
  }
  if (!value.IsObject()) return false;
  const auto members = value.GetObject();
  return std::any_of(members.begin(), members.end(),
                     [depth](const auto& member) { return IsDeeper(member.value, depth - 1); });
}

bool IsDraft7(const Value& draft) {
  const absl::string_view name = draft.IsString() ? absl::string_view(draft.GetString(), draft.GetStringLength()) : "";
  return absl::StrContains(name, "/draft-07/") || absl::StrContains(name, "/draft-06/");
}

class Rules {
 public:
  explicit Rules(rapidjson::Document& document) : document_(document) {}

  absl::Status Check(Value& schema) {
    ++values_;
    if (path_.size() > kMaxExpandedDepth || values_ > kMaxValues) return Unusable("refers to too much with \"$ref\"");
    if (!schema.IsObject()) return absl::OkStatus();
    if (std::find(path_.begin(), path_.end(), &schema) != path_.end()) {
      return Unusable("must not refer to itself with \"$ref\"");
    }
    path_.push_back(&schema);
    for (auto& member : schema.GetObject()) TB_RETURN_IF_ERROR(CheckMember(member));
    path_.pop_back();
    return absl::OkStatus();
  }

 private:
  absl::Status CheckMember(Value::Member& member) {
    ++values_;
    switch (KeywordOf(NameOf(member))) {
      case Keyword::kSame:
      case Keyword::kEachItem:
      case Keyword::kEachMember:
      case Keyword::kNames:
        return Check(member.value);
      case Keyword::kAllSame:
      case Keyword::kItems:
      case Keyword::kProperties:
      case Keyword::kDependencies:
      case Keyword::kDefinitions:
        return CheckEach(member);
      case Keyword::kReference:
        return CheckReferred(member.value);
      case Keyword::kMultiple:
        if (!member.value.IsNumber() || NumberOf(member.value) > 0) return absl::OkStatus();
        return Unusable("must use \"multipleOf\" with a number above 0");
      case Keyword::kId:
        if (path_.size() == 1) return absl::OkStatus();
        return Unusable("must not use \"", Quoted(NameOf(member)), "\" but at the top");
      case Keyword::kDraft:
        if (IsDraft7(member.value)) return absl::OkStatus();
        return Unusable("must be of draft 7 of JSON Schema, by its \"$schema\"");
      case Keyword::kExpressions:
        return Unusable("must not use \"", Quoted(NameOf(member)), "\": not supported");
      case Keyword::kLater:
        return Unusable("must not use \"", Quoted(NameOf(member)), "\", which is of a later draft than 7");
      case Keyword::kOther:
      case Keyword::kValues:
      case Keyword::kRequired:
      case Keyword::kUnique:
        return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  absl::Status CheckEach(Value::Member& member) {
    if (member.value.IsArray()) {
      for (auto& one : member.value.GetArray()) TB_RETURN_IF_ERROR(Check(one));
    } else if (member.value.IsObject() && KeywordOf(NameOf(member)) == Keyword::kItems) {
      return Check(member.value);
    } else if (member.value.IsObject()) {
      for (auto& one : member.value.GetObject()) TB_RETURN_IF_ERROR(Check(one.value));
    }
    return absl::OkStatus();
  }

  absl::Status CheckReferred(Value& reference) {
    if (!reference.IsString() || reference.GetStringLength() == 0 || reference.GetString()[0] != '#') {
      return Unusable("must not refer to another document with \"$ref\"");
    }
    const auto [known, is_new] = referred_.try_emplace(&reference, nullptr);
    if (is_new) {
      known->second = ReferredBy(reference, document_);
      const std::string plain = PlainReference(reference);
      reference.SetString(plain.data(), static_cast<rapidjson::SizeType>(plain.size()), document_.GetAllocator());
    }
    Value* const referred = known->second;
    return referred == nullptr ? Unusable("refers to nothing with \"$ref\"") : Check(*referred);
  }

  rapidjson::Document& document_;
  uint64_t values_ = 0;
  // The schemas around what is being checked.
  std::vector<const Value*> path_;
  // Each reference is read once: it may be long.
  absl::flat_hash_map<const Value*, Value*> referred_;
};

}  // namespace

absl::Status MakeReady(rapidjson::Document& schema) {
  if (!schema.IsObject()) return Unusable("must be a JSON object");
  if (IsDeeper(schema, kMaxDepth)) return Unusable("must not be nested deeper than ", kMaxDepth);
  return Rules(schema).Check(schema);
}

}  // namespace tokenbroker::contract
