#include "json/scalar.h"

#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/json.h"
#include "base/status_macros.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "json/fault.h"
#include "json/time_text.h"

namespace tokenbroker::json {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The largest whole number that a double stands for without doubt.
constexpr double kExactDouble = 9007199254740992.0;

absl::Status Rule(std::string_view rule) { return absl::InvalidArgumentError(std::string(rule)); }

// Reflection's setters have one name per type and per cardinality.
#define TB_PUT(Type, value)                                         \
  do {                                                              \
    if (slot.field.is_repeated()) {                                 \
      slot.reflection.Add##Type(&slot.message, &slot.field, value); \
    } else {                                                        \
      slot.reflection.Set##Type(&slot.message, &slot.field, value); \
    }                                                               \
  } while (false)

void Put(int32_t value, const Slot& slot) { TB_PUT(Int32, value); }
void Put(int64_t value, const Slot& slot) { TB_PUT(Int64, value); }
void Put(uint32_t value, const Slot& slot) { TB_PUT(UInt32, value); }
void Put(uint64_t value, const Slot& slot) { TB_PUT(UInt64, value); }
void Put(float value, const Slot& slot) { TB_PUT(Float, value); }
void Put(double value, const Slot& slot) { TB_PUT(Double, value); }
void Put(const EnumValueDescriptor* value, const Slot& slot) { TB_PUT(Enum, value); }
void Put(std::string text, const Slot& slot) { TB_PUT(String, std::move(text)); }

bool IsNumber(std::string_view text) {
  const bool bounded = !text.empty() &&
                       (text.front() == '-' || std::isdigit(static_cast<unsigned char>(text.front()))) &&
                       std::isdigit(static_cast<unsigned char>(text.back()));
  return bounded && CheckJson(text).ok();
}

template <typename T>
absl::Status OutOfRange() {
  return Rule(absl::StrCat("must be from ", std::numeric_limits<T>::min(), " to ", std::numeric_limits<T>::max()));
}

// "5.0" and "1e2" are whole numbers, too.
template <typename T>
absl::Status PutWholeDouble(std::string_view number, const Slot& slot) {
  double value = 0;
  const auto result = std::from_chars(number.data(), number.data() + number.size(), value);
  if (result.ec != std::errc() || value < static_cast<double>(std::numeric_limits<T>::min()) ||
      value > static_cast<double>(std::numeric_limits<T>::max())) {
    return OutOfRange<T>();
  }
  if (value != std::trunc(value)) return Rule("must be a whole number");
  if (std::abs(value) > kExactDouble) return Rule("must be written without fraction and exponent");
  Put(static_cast<T>(value), slot);
  return absl::OkStatus();
}

template <typename T>
absl::Status PutWhole(std::string_view number, const Slot& slot) {
  T value = 0;
  const char* const end = number.data() + number.size();
  const auto result = std::from_chars(number.data(), end, value);
  if (result.ec == std::errc::result_out_of_range) return OutOfRange<T>();
  if (result.ec != std::errc() || result.ptr != end) return PutWholeDouble<T>(number, slot);
  Put(value, slot);
  return absl::OkStatus();
}

template <typename T>
absl::Status PutFloating(std::string_view number, const Slot& slot) {
  double value = 0;
  const auto result = std::from_chars(number.data(), number.data() + number.size(), value);
  // The library has no other word for numbers too small to tell from 0, which are none to refuse.
  if (result.ec == std::errc::result_out_of_range &&
      !(std::abs(std::strtod(std::string(number).c_str(), nullptr)) < 1)) {
    return Rule("is too large a number");
  }
  if (std::abs(value) > static_cast<double>(std::numeric_limits<T>::max())) return Rule("is too large a number");
  Put(static_cast<T>(value), slot);
  return absl::OkStatus();
}

template <typename T>
absl::Status PutFloatingText(std::string_view text, const Slot& slot) {
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  if (text == "NaN" || text == "Infinity" || text == "-Infinity") {
    Put(text == "NaN" ? std::numeric_limits<T>::quiet_NaN() : text == "Infinity" ? kInfinity : -kInfinity, slot);
    return absl::OkStatus();
  }
  if (!IsNumber(text)) return Rule(TypeRule(slot.field));
  return PutFloating<T>(text, slot);
}

std::string EnumRule(const EnumDescriptor& type) {
  std::string rule = "must be one of ";
  for (int i = 0; i < type.value_count(); ++i) absl::StrAppend(&rule, i == 0 ? "" : ", ", type.value(i)->name());
  return rule;
}

absl::Status PutEnum(const EnumValueDescriptor* value, const Slot& slot) {
  if (value == nullptr) return Rule(EnumRule(*slot.field.enum_type()));
  Put(value, slot);
  return absl::OkStatus();
}

absl::Status PutEnumNumber(std::string_view number, const Slot& slot) {
  int value = 0;
  const char* const end = number.data() + number.size();
  const auto result = std::from_chars(number.data(), end, value);
  const bool whole = result.ec == std::errc() && result.ptr == end;
  return PutEnum(whole ? slot.field.enum_type()->FindValueByNumber(value) : nullptr, slot);
}

// absl's decoders skip white space.
bool IsBase64(std::string_view text) {
  for (const char c : text) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && std::string_view("+/-_=").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

absl::Status PutBytes(std::string_view text, const Slot& slot) {
  const absl::string_view base64(text.data(), text.size());
  const bool url = text.find_first_of("-_") != std::string_view::npos;
  std::string bytes;
  if (!IsBase64(text) || !(url ? absl::WebSafeBase64Unescape(base64, &bytes) : absl::Base64Unescape(base64, &bytes))) {
    return Rule("must be base64");
  }
  Put(std::move(bytes), slot);
  return absl::OkStatus();
}

template <typename T>
void PutMoment(const Moment& moment, const Slot& slot) {
  Message* const inner = slot.field.is_repeated() ? slot.reflection.AddMessage(&slot.message, &slot.field)
                                                  : slot.reflection.MutableMessage(&slot.message, &slot.field);
  if (auto* const known = dynamic_cast<T*>(inner)) {
    known->set_seconds(moment.seconds);
    known->set_nanos(moment.nanos);
    return;
  }
  const auto* const type = inner->GetDescriptor();
  inner->GetReflection()->SetInt64(inner, type->FindFieldByNumber(T::kSecondsFieldNumber), moment.seconds);
  inner->GetReflection()->SetInt32(inner, type->FindFieldByNumber(T::kNanosFieldNumber), moment.nanos);
}

absl::Status PutMessageText(std::string_view text, const Slot& slot) {
  Moment moment;
  switch (WellKnownOf(*slot.field.message_type())) {
    case WellKnown::kTimestamp:
      if (!ParseTimestamp(text, moment)) return Rule(kTimestampRule);
      PutMoment<google::protobuf::Timestamp>(moment, slot);
      return absl::OkStatus();
    case WellKnown::kDuration:
      if (!ParseDuration(text, moment)) return Rule(kDurationRule);
      PutMoment<google::protobuf::Duration>(moment, slot);
      return absl::OkStatus();
    default:
      return Rule(TypeRule(slot.field));
  }
}

}  // namespace

WellKnown WellKnownOf(const google::protobuf::Descriptor& message) {
  switch (message.well_known_type()) {
    case google::protobuf::Descriptor::WELLKNOWNTYPE_TIMESTAMP:
      return WellKnown::kTimestamp;
    case google::protobuf::Descriptor::WELLKNOWNTYPE_DURATION:
      return WellKnown::kDuration;
    case google::protobuf::Descriptor::WELLKNOWNTYPE_ANY:
      return WellKnown::kAny;
    default:
      return WellKnown::kNone;
  }
}

std::string TypeRule(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return field.type() == FieldDescriptor::TYPE_BYTES ? "must be a string of base64" : "must be a string";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "must be true or false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumRule(*field.enum_type());
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "must be a number";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
    default:
      return "must be a whole number";
  }
  switch (WellKnownOf(*field.message_type())) {
    case WellKnown::kTimestamp:
      return std::string(kTimestampRule);
    case WellKnown::kDuration:
      return std::string(kDurationRule);
    default:
      return "must be an object";
  }
}

absl::Status PutText(std::string text, const Slot& slot) {
  switch (slot.field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (slot.field.type() == FieldDescriptor::TYPE_BYTES) return PutBytes(text, slot);
      Put(std::move(text), slot);
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_ENUM:
      return PutEnum(slot.field.enum_type()->FindValueByName(text), slot);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return PutFloatingText<float>(text, slot);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return PutFloatingText<double>(text, slot);
    case FieldDescriptor::CPPTYPE_BOOL:
      return Rule(TypeRule(slot.field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return PutMessageText(text, slot);
    default:
      return IsNumber(text) ? PutNumber(text, slot) : Rule(TypeRule(slot.field));
  }
}

absl::Status PutNumber(std::string_view number, const Slot& slot) {
  switch (slot.field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return PutWhole<int32_t>(number, slot);
    case FieldDescriptor::CPPTYPE_INT64:
      return PutWhole<int64_t>(number, slot);
    case FieldDescriptor::CPPTYPE_UINT32:
      return PutWhole<uint32_t>(number, slot);
    case FieldDescriptor::CPPTYPE_UINT64:
      return PutWhole<uint64_t>(number, slot);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return PutFloating<float>(number, slot);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return PutFloating<double>(number, slot);
    case FieldDescriptor::CPPTYPE_ENUM:
      return PutEnumNumber(number, slot);
    default:
      return Rule(TypeRule(slot.field));
  }
}

void PutBool(bool value, const Slot& slot) { TB_PUT(Bool, value); }

absl::Status PutParameter(std::string text, const Slot& slot) {
  if (slot.field.cpp_type() != FieldDescriptor::CPPTYPE_BOOL) return PutText(std::move(text), slot);
  if (text != "true" && text != "false") return Rule(TypeRule(slot.field));
  PutBool(text == "true", slot);
  return absl::OkStatus();
}

}  // namespace tokenbroker::json
