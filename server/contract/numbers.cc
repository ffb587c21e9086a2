#include "server/contract/numbers.h"

#include <algorithm>
#include <cmath>

#include "rapidjson/stringbuffer.h"
#include "rapidjson/writer.h"

namespace tokenbroker::contract {
namespace {

using rapidjson::Value;

bool AreSameItems(const Value& a, const Value& b) { return std::equal(a.Begin(), a.End(), b.Begin(), b.End(), IsSame); }

bool AreSameMembers(const Value& a, const Value& b) {
  if (a.MemberCount() != b.MemberCount()) return false;
  return std::all_of(a.MemberBegin(), a.MemberEnd(), [&b](const Value::Member& member) {
    const auto other = b.FindMember(member.name);
    return other != b.MemberEnd() && IsSame(member.value, other->value);
  });
}

}  // namespace

Number NumberOf(const Value& value) {
  if (value.IsInt64()) return static_cast<Number>(value.GetInt64());
  if (value.IsUint64()) return static_cast<Number>(value.GetUint64());
  return value.GetDouble();
}

bool IsInteger(const Value& value) {
  return value.IsNumber() && (!value.IsDouble() || value.GetDouble() == std::trunc(value.GetDouble()));
}

bool IsSame(const Value& a, const Value& b) {
  if (a.GetType() != b.GetType()) return false;
  if (a.IsNumber()) return NumberOf(a) == NumberOf(b);
  if (a.IsArray()) return AreSameItems(a, b);
  return a.IsObject() ? AreSameMembers(a, b) : a == b;
}

bool IsMultiple(const Value& number, const Value& factor) {
  const Number rest = std::abs(std::remainder(NumberOf(number), NumberOf(factor)));
  if (!number.IsDouble() && !factor.IsDouble()) return rest == 0;
  // Both may be half a step of a double away from what was written, and the factor is that as often as it goes in.
  return rest <= std::abs(NumberOf(number)) * std::numeric_limits<double>::epsilon();
}

std::string TextOfNumber(const Value& number) {
  rapidjson::StringBuffer text;
  rapidjson::Writer<rapidjson::StringBuffer> writer(text);
  number.Accept(writer);
  return text.GetString();
}

}  // namespace tokenbroker::contract
