#include "json/json_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#include "absl/strings/escaping.h"
#include "google/protobuf/any.pb.h"
#include "json/any.h"
#include "json/scalar.h"
#include "json/time_text.h"

namespace tokenbroker::json {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

template <typename T>
void AppendNumber(T value, std::string& out) {
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
}

template <typename T>
void AppendQuoted(T value, std::string& out) {
  out.push_back('"');
  AppendNumber(value, out);
  out.push_back('"');
}

template <typename T>
void AppendFloating(T value, std::string& out) {
  if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value < 0 ? "\"-Infinity\"" : "\"Infinity\"";
  } else {
    AppendNumber(value, out);
  }
}

// Names in proto files need no escaping.
void AppendName(std::string_view name, std::string& out) {
  out.push_back('"');
  out.append(name);
  out += "\":";
}

void AppendBase64(const std::string& bytes, std::string& out) {
  out.push_back('"');
  out += absl::Base64Escape(bytes);
  out.push_back('"');
}

void AppendEnum(const FieldDescriptor& field, int number, std::string& out) {
  const auto* const value = field.enum_type()->FindValueByNumber(number);
  if (value == nullptr) return AppendNumber(number, out);
  out.push_back('"');
  out += value->name();
  out.push_back('"');
}

// One of the getters of reflection: the field itself, or its element `index` if that is not negative.
#define TB_GET(Type)                                               \
  (index < 0 ? message.GetReflection()->Get##Type(message, &field) \
             : message.GetReflection()->GetRepeated##Type(message, &field, index))

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void Object(const Message& message, bool with_empty_lists);
  void MessageValue(const Message& message);

 private:
  void Members(const Message& message, bool with_empty_lists, bool first);
  void Field(const Message& message, const FieldDescriptor& field);
  void List(const Message& message, const FieldDescriptor& field, int size);
  void Map(const Message& message, const FieldDescriptor& field, int size);
  void Value(const Message& message, const FieldDescriptor& field, int index);
  void String(const Message& message, const FieldDescriptor& field, int index);
  void Time(const Message& message, bool (*append)(const Moment&, std::string&));
  void Any(const Message& any);

  std::string& out_;
};

void Writer::Object(const Message& message, bool with_empty_lists) {
  out_.push_back('{');
  Members(message, with_empty_lists, true);
  out_.push_back('}');
}

void Writer::Members(const Message& message, bool with_empty_lists, bool first) {
  const auto* const type = message.GetDescriptor();
  const Reflection* const reflection = message.GetReflection();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor& field = *type->field(i);
    const bool kept_empty = with_empty_lists && field.is_repeated() && !field.is_map();
    const bool set =
        field.is_repeated() ? reflection->FieldSize(message, &field) > 0 : reflection->HasField(message, &field);
    if (!set && !kept_empty) continue;
    if (!first) out_.push_back(',');
    first = false;
    AppendName(field.json_name(), out_);
    Field(message, field);
  }
}

void Writer::Field(const Message& message, const FieldDescriptor& field) {
  if (!field.is_repeated()) return Value(message, field, -1);
  const int size = message.GetReflection()->FieldSize(message, &field);
  return field.is_map() ? Map(message, field, size) : List(message, field, size);
}

void Writer::List(const Message& message, const FieldDescriptor& field, int size) {
  out_.push_back('[');
  for (int i = 0; i < size; ++i) {
    if (i > 0) out_.push_back(',');
    Value(message, field, i);
  }
  out_.push_back(']');
}

void Writer::Map(const Message& message, const FieldDescriptor& field, int size) {
  const FieldDescriptor& key = *field.message_type()->map_key();
  const FieldDescriptor& value = *field.message_type()->map_value();
  // (the key as JSON, the entry): sorted, so that equal messages give equal text.
  std::vector<std::pair<std::string, const Message*>> entries;
  for (int i = 0; i < size; ++i) {
    const Message& entry = message.GetReflection()->GetRepeatedMessage(message, &field, i);
    std::string name;
    Writer(name).Value(entry, key, -1);
    if (name.front() != '"') name = '"' + name + '"';
    entries.emplace_back(std::move(name), &entry);
  }
  std::sort(entries.begin(), entries.end());
  out_.push_back('{');
  for (const auto& [name, entry] : entries) {
    if (entry != entries.front().second) out_.push_back(',');
    out_ += name;
    out_.push_back(':');
    Value(*entry, value, -1);
  }
  out_.push_back('}');
}

void Writer::Value(const Message& message, const FieldDescriptor& field, int index) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return String(message, field, index);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageValue(TB_GET(Message));
    case FieldDescriptor::CPPTYPE_ENUM:
      return AppendEnum(field, TB_GET(EnumValue), out_);
    case FieldDescriptor::CPPTYPE_BOOL:
      out_ += TB_GET(Bool) ? "true" : "false";
      return;
    case FieldDescriptor::CPPTYPE_INT32:
      return AppendNumber(TB_GET(Int32), out_);
    case FieldDescriptor::CPPTYPE_UINT32:
      return AppendNumber(TB_GET(UInt32), out_);
    case FieldDescriptor::CPPTYPE_INT64:
      return AppendQuoted(TB_GET(Int64), out_);
    case FieldDescriptor::CPPTYPE_UINT64:
      return AppendQuoted(TB_GET(UInt64), out_);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return AppendFloating(TB_GET(Float), out_);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return AppendFloating(TB_GET(Double), out_);
  }
}

void Writer::String(const Message& message, const FieldDescriptor& field, int index) {
  std::string scratch;
  const auto* const reflection = message.GetReflection();
  const std::string& text = index < 0 ? reflection->GetStringReference(message, &field, &scratch)
                                      : reflection->GetRepeatedStringReference(message, &field, index, &scratch);
  if (field.type() == FieldDescriptor::TYPE_BYTES) return AppendBase64(text, out_);
  WriteString(text, out_);
}

void Writer::MessageValue(const Message& message) {
  switch (WellKnownOf(*message.GetDescriptor())) {
    case WellKnown::kTimestamp:
      return Time(message, AppendTimestamp);
    case WellKnown::kDuration:
      return Time(message, AppendDuration);
    case WellKnown::kAny:
      return Any(message);
    default:
      return Object(message, false);
  }
}

void Writer::Time(const Message& message, bool (*append)(const Moment&, std::string&)) {
  const auto* const type = message.GetDescriptor();
  const auto* const reflection = message.GetReflection();
  const Moment moment{reflection->GetInt64(message, type->FindFieldByNumber(1)),
                      reflection->GetInt32(message, type->FindFieldByNumber(2))};
  const size_t before = out_.size();
  out_.push_back('"');
  if (append(moment, out_)) {
    out_.push_back('"');
  } else {
    out_.resize(before);
    out_ += "null";
  }
}

void Writer::Any(const Message& any) {
  const auto* const type = any.GetDescriptor();
  const std::string url = any.GetReflection()->GetString(any, type->FindFieldByNumber(1));
  if (url.empty()) {
    out_ += "{}";
    return;
  }
  AppendName("@type", out_ += '{');
  WriteString(url, out_);
  const auto content = NewMessageOfUrl(url, any);
  if (content != nullptr && WellKnownOf(*content->GetDescriptor()) == WellKnown::kNone &&
      content->ParseFromString(any.GetReflection()->GetString(any, type->FindFieldByNumber(2)))) {
    Members(*content, false, false);
  }
  out_.push_back('}');
}

// What each byte of a string needs: 0 nothing, 'u' an escape by number, 0xE2 a look at what follows, else the letter
// behind the backslash.
constexpr std::array<unsigned char, 256> kEscapes = [] {
  std::array<unsigned char, 256> escapes{};
  for (int c = 0; c < 0x20; ++c) escapes[c] = 'u';
  escapes[0x7F] = 'u';
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  escapes['\b'] = 'b';
  escapes['\f'] = 'f';
  escapes['\n'] = 'n';
  escapes['\r'] = 'r';
  escapes['\t'] = 't';
  escapes[0xE2] = 0xE2;
  return escapes;
}();

bool IsLineSeparator(std::string_view text) {
  return text.size() >= 3 && text[1] == '\x80' && (text[2] == '\xA8' || text[2] == '\xA9');
}

// Of the character at the front; answers its length.
size_t AppendEscape(std::string_view text, unsigned char escape, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  if (escape == 0xE2) {
    if (!IsLineSeparator(text)) {
      out.push_back(text.front());
      return 1;
    }
    out += text[2] == '\xA8' ? "\\u2028" : "\\u2029";
    return 3;
  }
  out.push_back('\\');
  out.push_back(static_cast<char>(escape));
  if (escape == 'u') {
    const unsigned char c = text.front();
    out += "00";
    out.push_back(kHex[c >> 4]);
    out.push_back(kHex[c & 15]);
  }
  return 1;
}

}  // namespace

void WriteString(std::string_view text, std::string& out) {
  out.push_back('"');
  size_t plain = 0;
  for (size_t at = 0; at < text.size();) {
    const unsigned char escape = kEscapes[static_cast<unsigned char>(text[at])];
    if (escape == 0) {
      ++at;
      continue;
    }
    out.append(text, plain, at - plain);
    at += AppendEscape(text.substr(at), escape, out);
    plain = at;
  }
  out.append(text, plain);
  out.push_back('"');
}

void WriteJson(const Message& message, std::string& out) {
  if (WellKnownOf(*message.GetDescriptor()) != WellKnown::kNone) return Writer(out).MessageValue(message);
  Writer(out).Object(message, true);
}

}  // namespace tokenbroker::json
