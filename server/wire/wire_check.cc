#include "server/wire/wire_check.h"

#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "base/element_limits.h"
#include "base/text.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"
#include "json/fault.h"

namespace tokenbroker::wire {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using json::Path;

// Nested messages and groups, as in protobuf.
constexpr int kMaxDepth = 100;

WireFormatLite::WireType WireTypeOf(const FieldDescriptor& field) {
  return WireFormatLite::WireTypeForFieldType(static_cast<WireFormatLite::FieldType>(field.type()));
}

// Every step answers false when the end is reached before its time: verdict() says why.
class Walker {
 public:
  Walker(google::protobuf::io::ZeroCopyInputStream& in, int size, bool reads_texts)
      : in_(&in), reads_texts_(reads_texts) {
    in_.PushLimit(size);
  }

  bool Message(const Path& path, const Descriptor& type);

  Verdict verdict() const { return verdict_; }

 private:
  // What a message has had so far.
  struct Had {
    explicit Had(const Descriptor& type) : elements(type.field_count()), spare(type.field_count()) {}
    absl::InlinedVector<int, 32> elements;  // of each list and map
    int spare;                              // how many other fields may come before they count as elements
  };

  bool Field(const Path& path, const Descriptor& type, Had& had);
  bool List(const Path& path, const FieldDescriptor& field, int wire_type, int& elements);
  bool Packed(const Path& path, const FieldDescriptor& field, int& elements);
  // One value of a known field, or one element of it.
  bool Value(const Path& path, const FieldDescriptor& field);
  bool Text(const Path& path);
  bool Unknown(const Path& path, int number, int wire_type);
  bool Group(const Path& path, int number);

  bool ReadTag(int& number, int& wire_type);
  // Of something that must end within what contains it.
  bool ReadSize(int& size);
  bool Skip(int wire_type);

  bool CountElement(const Path& path, int& elements);
  bool CountInAll(const Path& path);
  bool TooMany(const Path& path, std::string rule);

  CodedInputStream in_;
  const bool reads_texts_;
  int depth_ = 0;
  int elements_in_all_ = 0;
  Verdict verdict_{Verdict::kMalformed};
};

bool Walker::Message(const Path& path, const Descriptor& type) {
  Had had(type);
  while (in_.BytesUntilLimit() > 0) {
    if (!Field(path, type, had)) return false;
  }
  return true;
}

bool Walker::Field(const Path& path, const Descriptor& type, Had& had) {
  int number;
  int wire_type;
  if (!ReadTag(number, wire_type)) return false;
  const FieldDescriptor* const field = type.FindFieldByNumber(number);
  const bool packed =
      field != nullptr && field->is_packable() && wire_type == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
  if (field == nullptr || (wire_type != WireTypeOf(*field) && !packed)) return Unknown(path, number, wire_type);
  const Path here{&path, field->name()};
  if (field->is_repeated()) return List(here, *field, wire_type, had.elements[field->index()]);
  if (had.spare > 0) {
    --had.spare;
  } else if (!CountInAll(here)) {
    return false;
  }
  return Value(here, *field);
}

bool Walker::List(const Path& path, const FieldDescriptor& field, int wire_type, int& elements) {
  if (wire_type != WireTypeOf(field)) return Packed(path, field, elements);
  return CountElement(path, elements) && Value({&path, {}, elements - 1}, field);
}

bool Walker::Packed(const Path& path, const FieldDescriptor& field, int& elements) {
  int size;
  if (!ReadSize(size)) return false;
  const auto outer = in_.PushLimit(size);
  while (in_.BytesUntilLimit() > 0) {
    if (!CountElement(path, elements) || !Skip(WireTypeOf(field))) return false;
  }
  in_.PopLimit(outer);
  return true;
}

bool Walker::Value(const Path& path, const FieldDescriptor& field) {
  if (reads_texts_ && field.type() == FieldDescriptor::TYPE_STRING) return Text(path);
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return Skip(WireTypeOf(field));
  int size;
  if (!ReadSize(size) || depth_ == kMaxDepth) return false;
  ++depth_;
  const auto outer = in_.PushLimit(size);
  if (!Message(path, *field.message_type())) return false;
  in_.PopLimit(outer);
  --depth_;
  return true;
}

bool Walker::Text(const Path& path) {
  int size;
  std::string text;
  if (!ReadSize(size) || !in_.ReadString(&text, size)) return false;
  if (IsValidUtf8(text)) return true;
  verdict_ = {Verdict::kNoText, path.Text(), "must be UTF-8"};
  return false;
}

bool Walker::Unknown(const Path& path, int number, int wire_type) {
  if (!CountInAll(path)) return false;
  return wire_type == WireFormatLite::WIRETYPE_START_GROUP ? Group(path, number) : Skip(wire_type);
}

bool Walker::Group(const Path& path, int number) {
  if (depth_ == kMaxDepth) return false;
  ++depth_;
  int inner;
  int wire_type;
  while (ReadTag(inner, wire_type)) {
    if (wire_type == WireFormatLite::WIRETYPE_END_GROUP) {
      --depth_;
      return inner == number;
    }
    if (!Unknown(path, inner, wire_type)) return false;
  }
  return false;
}

bool Walker::ReadTag(int& number, int& wire_type) {
  const uint32_t tag = in_.ReadTagNoLastTag();  // 0 at the end, too
  number = WireFormatLite::GetTagFieldNumber(tag);
  wire_type = WireFormatLite::GetTagWireType(tag);
  return number != 0;
}

bool Walker::ReadSize(int& size) { return in_.ReadVarintSizeAsInt(&size) && size <= in_.BytesUntilLimit(); }

bool Walker::Skip(int wire_type) {
  uint64_t ignored;
  int size;
  switch (wire_type) {
    case WireFormatLite::WIRETYPE_VARINT:
      return in_.ReadVarint64(&ignored);
    case WireFormatLite::WIRETYPE_FIXED64:
      return in_.Skip(8);
    case WireFormatLite::WIRETYPE_LENGTH_DELIMITED:
      return ReadSize(size) && in_.Skip(size);
    case WireFormatLite::WIRETYPE_FIXED32:
      return in_.Skip(4);
    default:
      return false;
  }
}

bool Walker::CountElement(const Path& path, int& elements) {
  if (elements == kMaxElements) return TooMany(path, absl::StrCat("must hold at most ", kMaxElements, " elements"));
  ++elements;
  return CountInAll(path);
}

bool Walker::CountInAll(const Path& path) {
  if (++elements_in_all_ <= kMaxElementsInAll) return true;
  return TooMany(path, absl::StrCat("is too long: all lists and maps of a request together must hold at most ",
                                    kMaxElementsInAll, " elements"));
}

bool Walker::TooMany(const Path& path, std::string rule) {
  verdict_ = {Verdict::kTooMany, path.Text(), std::move(rule)};
  return false;
}

}  // namespace

Verdict Check(google::protobuf::io::ZeroCopyInputStream& in, int size, const Descriptor& type) {
  Walker walker(in, size, /*reads_texts=*/false);
  return walker.Message({}, type) ? Verdict{} : walker.verdict();
}

Verdict CheckTexts(google::protobuf::io::ZeroCopyInputStream& in, int size, const Descriptor& type) {
  Walker walker(in, size, /*reads_texts=*/true);
  return walker.Message({}, type) ? Verdict{} : walker.verdict();
}

}  // namespace tokenbroker::wire
