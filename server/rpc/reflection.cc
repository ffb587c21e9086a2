#include "server/rpc/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace tokenbroker::rpc {
namespace {

namespace wire = grpc::reflection::v1;
namespace pb = google::protobuf;

const pb::DescriptorPool& Pool() { return *pb::DescriptorPool::generated_pool(); }

void Add(const pb::FileDescriptor& file, std::unordered_set<std::string>& sent, wire::FileDescriptorResponse& out) {
  if (!sent.insert(file.name()).second) return;
  pb::FileDescriptorProto proto;
  file.CopyTo(&proto);
  out.add_file_descriptor_proto(proto.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i) Add(*file.dependency(i), sent, out);
}

void NotFound(absl::string_view what, const std::string& name, wire::ServerReflectionResponse& response) {
  response.mutable_error_response()->set_error_code(static_cast<int>(grpc::StatusCode::NOT_FOUND));
  response.mutable_error_response()->set_error_message(absl::StrCat("there is no ", what, " ", name));
}

void AnswerFile(const pb::FileDescriptor* file, absl::string_view what, const std::string& name,
                std::unordered_set<std::string>& sent, wire::ServerReflectionResponse& response) {
  if (file == nullptr) return NotFound(what, name, response);
  wire::FileDescriptorResponse& out = *response.mutable_file_descriptor_response();
  Add(*file, sent, out);
  if (out.file_descriptor_proto_size() != 0) return;
  // Asked for again.
  sent.erase(file->name());
  Add(*file, sent, out);
}

const pb::FileDescriptor* FileOfExtension(const wire::ExtensionRequest& request) {
  const pb::Descriptor* type = Pool().FindMessageTypeByName(request.containing_type());
  if (type == nullptr) return nullptr;
  const pb::FieldDescriptor* field = Pool().FindExtensionByNumber(type, request.extension_number());
  return field == nullptr ? nullptr : field->file();
}

void AnswerExtensions(const std::string& name, wire::ServerReflectionResponse& response) {
  const pb::Descriptor* type = Pool().FindMessageTypeByName(name);
  if (type == nullptr) return NotFound("message", name, response);
  std::vector<const pb::FieldDescriptor*> fields;
  Pool().FindAllExtensions(type, &fields);
  response.mutable_all_extension_numbers_response()->set_base_type_name(name);
  for (const pb::FieldDescriptor* field : fields) {
    response.mutable_all_extension_numbers_response()->add_extension_number(field->number());
  }
}

}  // namespace

void AnswerReflection(const wire::ServerReflectionRequest& request, const std::vector<std::string>& services,
                      std::unordered_set<std::string>& sent, wire::ServerReflectionResponse& response) {
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case wire::ServerReflectionRequest::kListServices:
      for (const std::string& name : services) response.mutable_list_services_response()->add_service()->set_name(name);
      return;
    case wire::ServerReflectionRequest::kFileByFilename: {
      const std::string& name = request.file_by_filename();
      return AnswerFile(Pool().FindFileByName(name), "file", name, sent, response);
    }
    case wire::ServerReflectionRequest::kFileContainingSymbol: {
      const std::string& name = request.file_containing_symbol();
      return AnswerFile(Pool().FindFileContainingSymbol(name), "symbol", name, sent, response);
    }
    case wire::ServerReflectionRequest::kFileContainingExtension: {
      const wire::ExtensionRequest& asked = request.file_containing_extension();
      const std::string name = absl::StrCat(asked.containing_type(), " ", asked.extension_number());
      return AnswerFile(FileOfExtension(asked), "extension", name, sent, response);
    }
    case wire::ServerReflectionRequest::kAllExtensionNumbersOfType:
      return AnswerExtensions(request.all_extension_numbers_of_type(), response);
    case wire::ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      response.mutable_error_response()->set_error_code(static_cast<int>(grpc::StatusCode::INVALID_ARGUMENT));
      response.mutable_error_response()->set_error_message("message_request is required");
  }
}

void ReflectionCall::OnRead(bool ok) {
  if (!ok) return End(grpc::Status());
  wire::ServerReflectionRequest request;
  if (ParseMessage(in(), request)) {
    return End({grpc::StatusCode::INVALID_ARGUMENT, "the request is not a ServerReflectionRequest"});
  }
  wire::ServerReflectionResponse response;
  AnswerReflection(request, services_, sent_, response);
  Write(response);
}

void ReflectionCall::OnWritten(bool ok) { ok ? Read() : End({grpc::StatusCode::CANCELLED, "the caller went away"}); }

}  // namespace tokenbroker::rpc
