// Messages as JSON Schema (2020-12, as OpenAPI 3.1 has it), in `#/components/schemas`.
#pragma once

#include <map>
#include <set>
#include <string>

#include "google/protobuf/descriptor.h"
#include "tools/openapi/contract.h"
#include "tools/openapi/examples.h"

namespace tokenbroker::openapi {

class Schemas {
 public:
  // Knows which messages only clients send: those take no other fields.
  explicit Schemas(const Contract& contract);

  // {"$ref": ...}; what is referred to, and what that refers to, becomes part of All().
  Json Ref(const google::protobuf::Descriptor& message);
  // A request of which the path has given these fields: they may, and need not, stand in the body.
  Json RefToBody(const google::protobuf::Descriptor& request, const std::set<std::string>& given);
  // With the field's comment.
  Json Of(const google::protobuf::FieldDescriptor& field);
  // What AIP-193 wants.
  Json RefToError(const Contract& contract);

  // By name.
  Json All() const;

 private:
  Json Object(const google::protobuf::Descriptor& message, const std::set<std::string>& given);
  Json RefToEnum(const google::protobuf::EnumDescriptor& type);
  Json Value(const google::protobuf::FieldDescriptor& field);
  Json MessageValue(const google::protobuf::Descriptor& message);

  std::set<std::string> sent_;
  std::set<std::string> received_;
  // Methods' answers themselves: their lists always stand there.
  std::set<std::string> answers_;
  std::map<std::string, Json> all_;
};

// Whether a field's comment begins with "Required."
bool IsRequired(const google::protobuf::FieldDescriptor& field);

}  // namespace tokenbroker::openapi
