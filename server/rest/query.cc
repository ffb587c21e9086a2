#include "server/rest/query.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/percent.h"
#include "base/status_macros.h"
#include "json/fault.h"
#include "json/scalar.h"
#include "server/rest/bind.h"
#include "server/rest/url_text.h"

namespace tokenbroker::rest {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

struct Parameter {
  // Without the key: "filter.labels".
  std::string name;
  // Of a map; only if has_key.
  std::string key;
  bool has_key = false;
  std::string value;
};

// INVALID_ARGUMENT if it is not percent-encoded or its brackets are not closed.
absl::Status Parse(std::string_view name, std::string_view value, Parameter& out) {
  if (!DecodeQuery(name, out.name)) {
    return json::Fault("", "must have percent-encoded UTF-8 in its query parameters");
  }
  const size_t bracket = out.name.find('[');
  if (bracket != std::string::npos) {
    const json::Path path{nullptr, std::string_view(out.name).substr(0, bracket)};
    if (out.name.back() != ']') return json::Fault(path.Text(), "must have its key in brackets: name[key]=value");
    out.key = out.name.substr(bracket + 1, out.name.size() - bracket - 2);
    out.name.resize(bracket);
    out.has_key = true;
  }
  if (!DecodeQuery(value, out.value)) {
    return json::Fault(json::Path{nullptr, out.name}.Text(), "must be percent-encoded UTF-8");
  }
  return absl::OkStatus();
}

class Query {
 public:
  Query(const Route& route, Message& message) : route_(route), message_(message) {}

  absl::Status Add(Parameter parameter) {
    TB_ASSIGN_OR_RETURN(const FieldPath path, ParseFieldPath(*message_.GetDescriptor(), parameter.name));
    TB_RETURN_IF_ERROR(ExpectOpen(path));
    const FieldDescriptor& field = *path.back();
    if (field.is_map() != parameter.has_key) {
      return json::Fault(NameOf(path),
                         field.is_map() ? "must have a key in brackets: name[key]=value" : "takes no key");
    }
    std::string name = NameOf(path);
    if (field.is_map()) name = json::Path{nullptr, json::Concat({name, "[", parameter.key, "]"})}.Text();
    const bool single = field.is_map() || !field.is_repeated();
    if (single && !given_.insert(json::Concat({NameOf(path), "[", parameter.key})).second) {
      return json::Fault(name, "is given twice");
    }
    TB_ASSIGN_OR_RETURN(Message* const parent, ParentOf(path, message_));
    const absl::Status status = Put(std::move(parameter), field, *parent);
    return status.ok() ? status : json::Fault(name, std::string(status.message()));
  }

 private:
  // Whether a parameter may say what this field is.
  absl::Status ExpectOpen(const FieldPath& path) const {
    if (route_.body == BodyRule::kRequest) return json::Fault(NameOf(path), "must stand in the body, not in the query");
    if (route_.body == BodyRule::kField && path.front() == route_.body_field) {
      return json::Fault(NameOf(path), "must stand in the body, not in the query");
    }
    const auto is_it = [&](const Segment& segment) { return segment.field == path; };
    if (std::any_of(route_.segments.begin(), route_.segments.end(), is_it)) {
      return json::Fault(NameOf(path), "is given in the path, and must not stand in the query");
    }
    return absl::OkStatus();
  }

  static absl::Status Put(Parameter parameter, const FieldDescriptor& field, Message& parent) {
    if (!field.is_map()) {
      const bool has_fields = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
                              json::WellKnownOf(*field.message_type()) == json::WellKnown::kNone;
      if (has_fields) return absl::InvalidArgumentError("has fields of its own: name one of them");
      return json::PutParameter(std::move(parameter.value), {parent, field});
    }
    Message* const entry = parent.GetReflection()->AddMessage(&parent, &field);
    TB_RETURN_IF_ERROR(json::PutParameter(std::move(parameter.key), {*entry, *field.message_type()->map_key()}));
    return json::PutParameter(std::move(parameter.value), {*entry, *field.message_type()->map_value()});
  }

  const Route& route_;
  Message& message_;
  // Names, with keys.
  absl::flat_hash_set<std::string> given_;
};

}  // namespace

absl::Status BindQuery(const Route& route, std::string_view query, Message& message) {
  Query fields(route, message);
  size_t count = 0;
  absl::Status status;
  const auto add = [&](std::string_view name, std::string_view value) -> absl::Status {
    if (++count > kMaxParameters) {
      return json::Fault("", absl::StrCat("must have at most ", kMaxParameters, " query parameters"));
    }
    Parameter parameter;
    TB_RETURN_IF_ERROR(Parse(name, value, parameter));
    return fields.Add(std::move(parameter));
  };
  ForEachParameter(query, [&](std::string_view name, std::string_view value) {
    if (status.ok()) status = add(name, value);
  });
  return status;
}

}  // namespace tokenbroker::rest
