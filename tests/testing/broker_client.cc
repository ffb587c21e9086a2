#include "tests/testing/broker_client.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "google/rpc/status.pb.h"

namespace tokenbroker::testing {

BrokerClient::BrokerClient(const std::string& address, DurationMs call_limit) : call_limit_(call_limit) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetMaxReceiveMessageSize(-1);
  channel_ = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  tasks_ = v1::TaskService::NewStub(channel_);
  resolver_ = v1::ResolverService::NewStub(channel_);
  admin_ = v1::AdminService::NewStub(channel_);
  deliveries_ = v1::DeliveryService::NewStub(channel_);
}

void BrokerClient::SetLimit(grpc::ClientContext& context) const {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(call_limit_));
}

grpc::Status BrokerClient::Get(const v1::TaskRef& ref, v1::Task& task) const {
  v1::GetTaskRequest request;
  *request.mutable_task() = ref;
  v1::GetTaskResponse response;
  const grpc::Status status = Call(tasks(), &v1::TaskService::Stub::GetTask, request, response);
  task.Swap(response.mutable_task());
  return status;
}

std::string ErrorDetails::field() const {
  return bad_request.field_violations().empty() ? "" : bad_request.field_violations(0).field();
}

std::string ErrorDetails::description() const {
  return bad_request.field_violations().empty() ? "" : bad_request.field_violations(0).description();
}

ErrorDetails DetailsOf(const grpc::Status& status) {
  ErrorDetails details;
  google::rpc::Status packed;
  if (!packed.ParseFromString(status.error_details())) return details;
  for (const google::protobuf::Any& any : packed.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::RetryInfo retry;
    v1::ResolvedDetail resolved;
    if (any.UnpackTo(&info)) {
      details.domain = info.domain();
      v1::ErrorReason_Parse("ERROR_REASON_" + info.reason(), &details.reason);
    }
    any.UnpackTo(&details.bad_request);
    if (any.UnpackTo(&retry)) details.retry = retry;
    if (any.UnpackTo(&resolved)) details.resolved = resolved;
  }
  return details;
}

v1::ErrorReason ReasonOf(const grpc::Status& status) { return DetailsOf(status).reason; }

v1::TaskRef ByToken(const std::string& token) {
  v1::TaskRef ref;
  ref.set_token(token);
  return ref;
}

v1::TaskRef ById(const std::string& task_id) {
  v1::TaskRef ref;
  ref.set_task_id(task_id);
  return ref;
}

v1::TaskRef ByKey(const std::string& name_space, const std::string& key) {
  v1::TaskRef ref;
  ref.mutable_key()->set_namespace_(name_space);
  ref.mutable_key()->set_key(key);
  return ref;
}

google::protobuf::Duration ToDuration(DurationMs ms) {
  google::protobuf::Duration duration;
  duration.set_seconds(ms / 1000);
  duration.set_nanos(static_cast<int32_t>(ms % 1000) * 1'000'000);
  return duration;
}

TimeMs ToMs(const google::protobuf::Timestamp& time) { return time.seconds() * 1000 + time.nanos() / 1'000'000; }

std::string Describe(const grpc::Status& status) {
  if (status.ok()) return "OK";
  return absl::StrCat("code ", static_cast<int>(status.error_code()), " ", v1::ErrorReason_Name(ReasonOf(status)), ": ",
                      status.error_message());
}

}  // namespace tokenbroker::testing
