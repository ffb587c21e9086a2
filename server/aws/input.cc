#include "server/aws/input.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/json.h"

namespace tokenbroker::aws {
namespace {

// No operation has more. Bounds what looking for repetitions costs.
constexpr size_t kMaxMembers = 64;

Error Malformed(std::string message) { return {&kSerialization, std::move(message)}; }

std::string Plain(std::string_view raw) { return json::IsEscaped(raw) ? json::Unescape(raw) : std::string(raw); }

// What coral says of a value where it wants a string.
std::string NotAString(json::Kind kind) {
  switch (kind) {
    case json::Kind::kObject:
      return "Start of structure or map found where not expected.";
    case json::Kind::kArray:
      return "Start of list found where not expected.";
    case json::Kind::kNumber:
      return "NUMBER_VALUE can not be converted to a String";
    case json::Kind::kTrue:
      return "TRUE_VALUE can not be converted to a String";
    default:
      return "FALSE_VALUE can not be converted to a String";
  }
}

}  // namespace

Error Input::Parse(std::string_view body) {
  members_.clear();
  if (body.empty()) return {};
  if (const absl::Status status = CheckJson(body); !status.ok()) {
    return Malformed(absl::StrCat("The body must be JSON: ", status.message()));
  }
  json::Cursor cursor(body);
  if (const json::Kind kind = cursor.Next(); kind != json::Kind::kObject) {
    const std::string_view found = json::NameOf(kind);
    return Malformed(
        absl::StrCat("The body must be a JSON object, not ", absl::string_view(found.data(), found.size())));
  }
  if (!cursor.Enter()) return {};
  do {
    if (Error error = Add(cursor)) return error;
  } while (cursor.More());
  return {};
}

Error Input::Add(json::Cursor& cursor) {
  if (members_.size() == kMaxMembers)
    return Malformed(absl::StrCat("The body has more than ", kMaxMembers, " members"));
  std::string name = Plain(cursor.TakeName());
  for (const Member& each : members_) {
    if (each.name == name) return Malformed(absl::StrCat("The member '", Shown(name), "' is there twice"));
  }
  const json::Kind kind = cursor.Next();
  members_.push_back({std::move(name), kind, cursor});
  cursor.Skip();
  return {};
}

const Input::Member* Input::Find(std::string_view name) const {
  for (const Member& each : members_) {
    if (each.name == name) return each.kind == json::Kind::kNull ? nullptr : &each;
  }
  return nullptr;
}

Error Input::Text(std::string_view name, std::optional<std::string>& out) const {
  const Member* const member = Find(name);
  if (member == nullptr) return {};
  if (member->kind != json::Kind::kString) return Malformed(NotAString(member->kind));
  json::Cursor cursor = member->value;
  out = Plain(cursor.TakeString());
  return {};
}

}  // namespace tokenbroker::aws
