#include "server/json/scalar.h"

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
#include "server/json/fault.h"
#include "server/json/time_text.h"

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
#define TB_PUT(Type, value)                                 \
  do {                                                      \
    const auto* const reflection = message.GetReflection(); \
    if (field.is_repeated()) {                              \
      reflection->Add##Type(&message, &field, value);       \
    } else {                                                \
      reflection->Set##Type(&message, &field, value);       \
    }                                                       \
  } while (false)

void Put(int32_t value, const FieldDescriptor& field, Message& message) { TB_PUT(Int32, value); }
void Put(int64_t value, const FieldDescriptor& field, Message& message) { TB_PUT(Int64, value); }
void Put(uint32_t value, const FieldDescriptor& field, Message& message) { TB_PUT(UInt32, value); }
void Put(uint64_t value, const FieldDescriptor& field, Message& message) { TB_PUT(UInt64, value); }
void Put(float value, const FieldDescriptor& field, Message& message) { TB_PUT(Float, value); }
void Put(double value, const FieldDescriptor& field, Message& message) { TB_PUT(Double, value); }
void Put(const EnumValueDescriptor* value, const FieldDescriptor& field, Message& message) { TB_PUT(Enum, value); }
void Put(std::string text, const FieldDescriptor& field, Message& message) { TB_PUT(String, std::move(text)); }

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
absl::Status PutWholeDouble(std::string_view number, const FieldDescriptor& field, Message& message) {
  double value = 0;
  const auto result = std::from_chars(number.data(), number.data() + number.size(), value);
  if (result.ec != std::errc() || value < static_cast<double>(std::numeric_limits<T>::min()) ||
      value > static_cast<double>(std::numeric_limits<T>::max())) {
    return OutOfRange<T>();
  }
  if (value != std::trunc(value)) return Rule("must be a whole number");
  if (std::abs(value) > kExactDouble) return Rule("must be written without fraction and exponent");
  Put(static_cast<T>(value), field, message);
  return absl::OkStatus();
}

template <typename T>
absl::Status PutWhole(std::string_view number, const FieldDescriptor& field, Message& message) {
  T value = 0;
  const char* const end = number.data() + number.size();
  const auto result = std::from_chars(number.data(), end, value);
  if (result.ec == std::errc::result_out_of_range) return OutOfRange<T>();
  if (result.ec != std::errc() || result.ptr != end) return PutWholeDouble<T>(number, field, message);
  Put(value, field, message);
  return absl::OkStatus();
}

template <typename T>
absl::Status PutFloating(std::string_view number, const FieldDescriptor& field, Message& message) {
  double value = 0;
  const auto result = std::from_chars(number.data(), number.data() + number.size(), value);
  // The library has no other word for numbers too small to tell from 0, which are none to refuse.
  if (result.ec == std::errc::result_out_of_range &&
      !(std::abs(std::strtod(std::string(number).c_str(), nullptr)) < 1)) {
    return Rule("is too large a number");
  }
  if (std::abs(value) > static_cast<double>(std::numeric_limits<T>::max())) return Rule("is too large a number");
  Put(static_cast<T>(value), field, message);
  return absl::OkStatus();
}

template <typename T>
absl::Status PutFloatingText(std::string_view text, const FieldDescriptor& field, Message& message) {
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  if (text == "NaN" || text == "Infinity" || text == "-Infinity") {
    Put(text == "NaN"        ? std::numeric_limits<T>::quiet_NaN()
        : text == "Infinity" ? kInfinity
                             : -kInfinity,
        field, message);
    return absl::OkStatus();
  }
  if (!IsNumber(text)) return Rule(TypeRule(field));
  return PutFloating<T>(text, field, message);
}

std::string EnumRule(const EnumDescriptor& type) {
  std::string rule = "must be one of ";
  for (int i = 0; i < type.value_count(); ++i) absl::StrAppend(&rule, i == 0 ? "" : ", ", type.value(i)->name());
  return rule;
}

absl::Status PutEnum(const EnumValueDescriptor* value, const FieldDescriptor& field, Message& message) {
  if (value == nullptr) return Rule(EnumRule(*field.enum_type()));
  Put(value, field, message);
  return absl::OkStatus();
}

absl::Status PutEnumNumber(std::string_view number, const FieldDescriptor& field, Message& message) {
  int value = 0;
  const char* const end = number.data() + number.size();
  const auto result = std::from_chars(number.data(), end, value);
  const bool whole = result.ec == std::errc() && result.ptr == end;
  return PutEnum(whole ? field.enum_type()->FindValueByNumber(value) : nullptr, field, message);
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

absl::Status PutBytes(std::string_view text, const FieldDescriptor& field, Message& message) {
  const absl::string_view base64(text.data(), text.size());
  const bool url = text.find_first_of("-_") != std::string_view::npos;
  std::string bytes;
  if (!IsBase64(text) || !(url ? absl::WebSafeBase64Unescape(base64, &bytes) : absl::Base64Unescape(base64, &bytes))) {
    return Rule("must be base64");
  }
  Put(std::move(bytes), field, message);
  return absl::OkStatus();
}

template <typename T>
void PutMoment(const Moment& moment, const FieldDescriptor& field, Message& message) {
  const auto* const reflection = message.GetReflection();
  Message* const inner =
      field.is_repeated() ? reflection->AddMessage(&message, &field) : reflection->MutableMessage(&message, &field);
  if (auto* const known = dynamic_cast<T*>(inner)) {
    known->set_seconds(moment.seconds);
    known->set_nanos(moment.nanos);
    return;
  }
  const auto* const type = inner->GetDescriptor();
  inner->GetReflection()->SetInt64(inner, type->FindFieldByNumber(T::kSecondsFieldNumber), moment.seconds);
  inner->GetReflection()->SetInt32(inner, type->FindFieldByNumber(T::kNanosFieldNumber), moment.nanos);
}

absl::Status PutMessageText(std::string_view text, const FieldDescriptor& field, Message& message) {
  Moment moment;
  switch (WellKnownOf(*field.message_type())) {
    case WellKnown::kTimestamp:
      if (!ParseTimestamp(text, moment)) return Rule(kTimestampRule);
      PutMoment<google::protobuf::Timestamp>(moment, field, message);
      return absl::OkStatus();
    case WellKnown::kDuration:
      if (!ParseDuration(text, moment)) return Rule(kDurationRule);
      PutMoment<google::protobuf::Duration>(moment, field, message);
      return absl::OkStatus();
    default:
      return Rule(TypeRule(field));
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

absl::Status PutText(std::string text, const FieldDescriptor& field, Message& message) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (field.type() == FieldDescriptor::TYPE_BYTES) return PutBytes(text, field, message);
      Put(std::move(text), field, message);
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_ENUM:
      return PutEnum(field.enum_type()->FindValueByName(text), field, message);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return PutFloatingText<float>(text, field, message);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return PutFloatingText<double>(text, field, message);
    case FieldDescriptor::CPPTYPE_BOOL:
      return Rule(TypeRule(field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return PutMessageText(text, field, message);
    default:
      return IsNumber(text) ? PutNumber(text, field, message) : Rule(TypeRule(field));
  }
}

absl::Status PutNumber(std::string_view number, const FieldDescriptor& field, Message& message) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return PutWhole<int32_t>(number, field, message);
    case FieldDescriptor::CPPTYPE_INT64:
      return PutWhole<int64_t>(number, field, message);
    case FieldDescriptor::CPPTYPE_UINT32:
      return PutWhole<uint32_t>(number, field, message);
    case FieldDescriptor::CPPTYPE_UINT64:
      return PutWhole<uint64_t>(number, field, message);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return PutFloating<float>(number, field, message);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return PutFloating<double>(number, field, message);
    case FieldDescriptor::CPPTYPE_ENUM:
      return PutEnumNumber(number, field, message);
    default:
      return Rule(TypeRule(field));
  }
}

void PutBool(bool value, const FieldDescriptor& field, Message& message) { TB_PUT(Bool, value); }

absl::Status PutParameter(std::string text, const FieldDescriptor& field, Message& message) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_BOOL) return PutText(std::move(text), field, message);
  if (text != "true" && text != "false") return Rule(TypeRule(field));
  PutBool(text == "true", field, message);
  return absl::OkStatus();
}

}  // namespace tokenbroker::json
