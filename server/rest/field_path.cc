#include "server/rest/field_path.h"

#include "base/status_macros.h"
#include "json/fault.h"
#include "json/names.h"
#include "json/scalar.h"

namespace tokenbroker::rest {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool HasFields(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field.is_repeated() &&
         json::WellKnownOf(*field.message_type()) == json::WellKnown::kNone;
}

absl::Status ExpectFree(const FieldPath& path, const FieldDescriptor& field, const Message& message) {
  const auto* const choice = field.real_containing_oneof();
  if (choice == nullptr) return absl::OkStatus();
  const FieldDescriptor* const set = message.GetReflection()->GetOneofFieldDescriptor(message, choice);
  if (set == nullptr || set == &field) return absl::OkStatus();
  return json::Fault(NameOf(path), json::Concat({"must not stand beside ", set->name(), ": give one of them"}));
}

}  // namespace

absl::StatusOr<FieldPath> ParseFieldPath(const Descriptor& message, std::string_view text) {
  FieldPath path;
  const Descriptor* type = &message;
  for (size_t at = 0;;) {
    const size_t dot = std::min(text.find('.', at), text.size());
    const std::string_view name = text.substr(at, dot - at);
    const FieldDescriptor* const field = json::FindField(*type, name);
    const json::Path here{nullptr, text.substr(0, dot)};
    if (field == nullptr) return json::Fault(here.Text(), json::UnknownField(*type, name));
    path.push_back(field);
    if (dot == text.size()) return path;
    if (!HasFields(*field)) return json::Fault(NameOf(path), "has no fields of its own");
    type = field->message_type();
    at = dot + 1;
  }
}

std::string NameOf(const FieldPath& path) {
  std::string name;
  for (const FieldDescriptor* field : path) name += json::Concat({name.empty() ? "" : ".", field->name()});
  return name;
}

absl::StatusOr<Message*> ParentOf(const FieldPath& path, Message& message) {
  Message* parent = &message;
  for (const FieldDescriptor* field : path) {
    TB_RETURN_IF_ERROR(ExpectFree(path, *field, *parent));
    if (field != path.back()) parent = parent->GetReflection()->MutableMessage(parent, field);
  }
  return parent;
}

}  // namespace tokenbroker::rest
