#include "json/json_reader.h"

#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "base/element_limits.h"
#include "base/json.h"
#include "base/status_macros.h"
#include "google/protobuf/any.pb.h"
#include "json/any.h"
#include "json/cursor.h"
#include "json/fault.h"
#include "json/names.h"
#include "json/scalar.h"

namespace tokenbroker::json {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr std::string_view kTypeName = "@type";

// The text as it was meant, without a copy if nothing is escaped.
class Text {
 public:
  explicit Text(std::string_view raw) {
    if (IsEscaped(raw)) {
      owned_ = Unescape(raw);
      view_ = owned_;
    } else {
      view_ = raw;
    }
  }
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;

  std::string_view view() const { return view_; }

 private:
  std::string owned_;
  std::string_view view_;
};

// Recursive, as deep as the text is nested: CheckJson has bounded that.
class Reader {
 public:
  explicit Reader(std::string_view checked) : text_(checked), cursor_(checked) {}

  absl::Status Object(const Path& path, Message& message, std::string_view but_for = {});

 private:
  using Seen = absl::InlinedVector<bool, 32>;

  // What is filled, with what is asked of it again and again.
  struct Target {
    Message& message;
    const Descriptor& type = *message.GetDescriptor();
    const Reflection& reflection = *message.GetReflection();
  };

  absl::Status Member(const Path& path, const Target& target, Seen& seen, std::string_view but_for);
  absl::Status Field(const Path& path, const Slot& slot);
  absl::Status List(const Path& path, const Slot& slot);
  absl::Status Map(const Path& path, const Slot& slot);
  absl::Status Entry(const Path& path, const Slot& slot, std::string_view key);
  // Of a list or map, which has so many elements now; the cursor is at one more.
  absl::Status CountElement(const Path& path, int elements);
  // One value of a field that is neither list nor map, or one element of a list.
  absl::Status Value(const Path& path, const Slot& slot);
  absl::Status ObjectValue(const Path& path, const Slot& slot);
  absl::Status Any(const Path& path, Message& message);
  // The message in an Any, empty, of the type that its "@type" names.
  absl::Status MakeAnyContent(const Path& path, Message& any, std::unique_ptr<Message>& content);

  absl::Status FaultHere(const Path& path, std::string_view rule, size_t offset) const {
    return Fault(path.Text(), Concat({rule, " (", Place(text_, offset), ")"}));
  }
  absl::Status WrongType(const Path& path, std::string_view rule, Kind kind) const {
    return FaultHere(path, Concat({rule, ", and is ", NameOf(kind)}), cursor_.offset());
  }
  absl::Status Located(absl::Status rule, const Path& path, size_t offset) const {
    if (rule.ok()) return rule;
    return FaultHere(path, std::string(rule.message()), offset);
  }

  const std::string_view text_;
  Cursor cursor_;
  int elements_in_all_ = 0;
};

// `but_for`: a name to pass over.
absl::Status Reader::Object(const Path& path, Message& message, std::string_view but_for) {
  const Kind kind = cursor_.Next();
  if (kind != Kind::kObject) return WrongType(path, "must be an object", kind);
  if (!cursor_.Enter()) return absl::OkStatus();
  const Target target{message};
  Seen seen(target.type.field_count());
  do {
    TB_RETURN_IF_ERROR(Member(path, target, seen, but_for));
  } while (cursor_.More());
  return absl::OkStatus();
}

absl::Status Reader::Member(const Path& path, const Target& target, Seen& seen, std::string_view but_for) {
  cursor_.Next();
  const size_t offset = cursor_.offset();
  const Text name(cursor_.TakeName());
  if (!but_for.empty() && name.view() == but_for) {
    cursor_.Skip();
    return absl::OkStatus();
  }
  const FieldDescriptor* const field = FindField(target.type, name.view());
  if (field == nullptr) return FaultHere({&path, name.view()}, UnknownField(target.type, name.view()), offset);
  const Path here{&path, field->name()};
  if (seen[field->index()]) return FaultHere(here, "is given twice", offset);
  seen[field->index()] = true;
  if (cursor_.Next() == Kind::kNull) {
    cursor_.TakeLiteral();
    return absl::OkStatus();
  }
  const auto* const choice = field->real_containing_oneof();
  if (choice != nullptr && target.reflection.HasOneof(target.message, choice)) {
    const auto* const other = target.reflection.GetOneofFieldDescriptor(target.message, choice);
    return FaultHere(here, Concat({"must not stand beside ", other->name(), ": give one of them"}), offset);
  }
  return Field(here, {target.message, *field, target.reflection});
}

absl::Status Reader::Field(const Path& path, const Slot& slot) {
  if (!slot.field.is_repeated()) return Value(path, slot);
  return slot.field.is_map() ? Map(path, slot) : List(path, slot);
}

absl::Status Reader::List(const Path& path, const Slot& slot) {
  const Kind kind = cursor_.Next();
  if (kind != Kind::kArray) return WrongType(path, "must be an array", kind);
  if (!cursor_.Enter()) return absl::OkStatus();
  Path element{&path, {}, 0};
  do {
    TB_RETURN_IF_ERROR(CountElement(path, element.index));
    TB_RETURN_IF_ERROR(Value(element, slot));
    ++element.index;
  } while (cursor_.More());
  return absl::OkStatus();
}

absl::Status Reader::Map(const Path& path, const Slot& slot) {
  const Kind kind = cursor_.Next();
  if (kind != Kind::kObject) return WrongType(path, "must be an object", kind);
  if (!cursor_.Enter()) return absl::OkStatus();
  absl::flat_hash_set<std::string> seen;
  do {
    TB_RETURN_IF_ERROR(CountElement(path, static_cast<int>(seen.size())));
    const size_t offset = cursor_.offset();
    const Text key(cursor_.TakeName());
    const Path here{&path, key.view(), -1, true};
    if (!seen.emplace(key.view()).second) return FaultHere(here, "is given twice", offset);
    TB_RETURN_IF_ERROR(Entry(here, slot, key.view()));
  } while (cursor_.More());
  return absl::OkStatus();
}

absl::Status Reader::CountElement(const Path& path, int elements) {
  cursor_.Next();
  if (elements == kMaxElements) {
    return FaultHere(path, absl::StrCat("must hold at most ", kMaxElements, " elements"), cursor_.offset());
  }
  if (++elements_in_all_ <= kMaxElementsInAll) return absl::OkStatus();
  return FaultHere(path,
                   absl::StrCat("is too long: all lists and maps of a request together must hold at most ",
                                kMaxElementsInAll, " elements"),
                   cursor_.offset());
}

absl::Status Reader::Entry(const Path& path, const Slot& slot, std::string_view key) {
  const Target entry{*slot.reflection.AddMessage(&slot.message, &slot.field)};
  const Slot key_slot{entry.message, *entry.type.map_key(), entry.reflection};
  TB_RETURN_IF_ERROR(Located(PutParameter(std::string(key), key_slot), path, cursor_.offset()));
  return Value(path, {entry.message, *entry.type.map_value(), entry.reflection});
}

absl::Status Reader::Value(const Path& path, const Slot& slot) {
  const Kind kind = cursor_.Next();
  const size_t offset = cursor_.offset();
  if (slot.field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
    if (kind != Kind::kTrue && kind != Kind::kFalse) return WrongType(path, TypeRule(slot.field), kind);
    cursor_.TakeLiteral();
    PutBool(kind == Kind::kTrue, slot);
    return absl::OkStatus();
  }
  switch (kind) {
    case Kind::kString: {
      const std::string_view raw = cursor_.TakeString();
      return Located(PutText(IsEscaped(raw) ? Unescape(raw) : std::string(raw), slot), path, offset);
    }
    case Kind::kNumber:
      return Located(PutNumber(cursor_.TakeNumber(), slot), path, offset);
    case Kind::kObject:
      return ObjectValue(path, slot);
    default:
      return WrongType(path, TypeRule(slot.field), kind);
  }
}

absl::Status Reader::ObjectValue(const Path& path, const Slot& slot) {
  const FieldDescriptor& field = slot.field;
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    return WrongType(path, "must be a string (JSON travels as text, in a string)", Kind::kObject);
  }
  const bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  const WellKnown known = is_message ? WellKnownOf(*field.message_type()) : WellKnown::kNone;
  if (!is_message || known == WellKnown::kTimestamp || known == WellKnown::kDuration) {
    return WrongType(path, TypeRule(field), Kind::kObject);
  }
  Message& inner = *(field.is_repeated() ? slot.reflection.AddMessage(&slot.message, &field)
                                         : slot.reflection.MutableMessage(&slot.message, &field));
  return known == WellKnown::kAny ? Any(path, inner) : Object(path, inner);
}

absl::Status Reader::MakeAnyContent(const Path& path, Message& any, std::unique_ptr<Message>& content) {
  const size_t offset = cursor_.offset();
  Cursor ahead = cursor_;
  if (!ahead.Enter()) return absl::OkStatus();
  do {
    ahead.Next();
    const Text name(ahead.TakeName());
    if (name.view() != kTypeName || ahead.Next() != Kind::kString) {
      ahead.Skip();
      continue;
    }
    if (content != nullptr) return FaultHere({&path, kTypeName}, "is given twice", ahead.offset());
    const Text url(ahead.TakeString());
    content = NewMessageOfUrl(url.view(), any);
    if (content == nullptr) return FaultHere({&path, kTypeName}, "must name a type of this contract", offset);
    any.GetReflection()->SetString(&any, any.GetDescriptor()->FindFieldByNumber(1), std::string(url.view()));
  } while (ahead.More());
  return content == nullptr ? FaultHere({&path, kTypeName}, "is required", offset) : absl::OkStatus();
}

absl::Status Reader::Any(const Path& path, Message& any) {
  std::unique_ptr<Message> content;
  TB_RETURN_IF_ERROR(MakeAnyContent(path, any, content));
  if (content == nullptr) {
    cursor_.Enter();  // {} is an Any of nothing
    return absl::OkStatus();
  }
  if (WellKnownOf(*content->GetDescriptor()) != WellKnown::kNone) {
    return FaultHere(path, "must hold a message that is an object of its fields", cursor_.offset());
  }
  TB_RETURN_IF_ERROR(Object(path, *content, kTypeName));
  any.GetReflection()->SetString(&any, any.GetDescriptor()->FindFieldByNumber(2), content->SerializeAsString());
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadJson(std::string_view text, Message& message, std::string_view field) {
  TB_RETURN_IF_ERROR(CheckJson(text));
  return Reader(text).Object({nullptr, field}, message);
}

}  // namespace tokenbroker::json
