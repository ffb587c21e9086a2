#include "cli/client.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <string>
#include <utility>

#include "base/status_macros.h"
#include "cli/api_key.h"
#include "cli/client_streams.h"
#include "cli/error.h"
#include "cli/tls_files.h"
#include "tokenbroker/v1/admin_service.grpc.pb.h"
#include "tokenbroker/v1/delivery_service.grpc.pb.h"
#include "tokenbroker/v1/resolver_service.grpc.pb.h"
#include "tokenbroker/v1/task_service.grpc.pb.h"

namespace tokenbroker::cli {
namespace {

class Client : public Broker {
 public:
  Client(std::shared_ptr<grpc::Channel> channel, std::string api_key)
      : tasks_(v1::TaskService::NewStub(channel)),
        resolver_(v1::ResolverService::NewStub(channel)),
        deliveries_(v1::DeliveryService::NewStub(channel)),
        admin_(v1::AdminService::NewStub(channel)),
        api_key_(std::move(api_key)) {}

  absl::StatusOr<v1::IssueTaskResponse> Issue(const v1::IssueTaskRequest& request, DurationMs timeout) override {
    return Call(*tasks_, &v1::TaskService::Stub::IssueTask, request, timeout);
  }
  absl::StatusOr<v1::GetTaskResponse> Get(const v1::GetTaskRequest& request, DurationMs timeout) override {
    return Call(*tasks_, &v1::TaskService::Stub::GetTask, request, timeout);
  }
  absl::StatusOr<v1::BatchGetTasksResponse> BatchGet(const v1::BatchGetTasksRequest& request,
                                                     DurationMs timeout) override {
    return Call(*tasks_, &v1::TaskService::Stub::BatchGetTasks, request, timeout);
  }
  absl::StatusOr<v1::ListTasksResponse> List(const v1::ListTasksRequest& request, DurationMs timeout) override {
    return Call(*tasks_, &v1::TaskService::Stub::ListTasks, request, timeout);
  }
  absl::StatusOr<v1::CancelTaskResponse> Cancel(const v1::CancelTaskRequest& request, DurationMs timeout) override {
    return Call(*tasks_, &v1::TaskService::Stub::CancelTask, request, timeout);
  }
  absl::StatusOr<v1::ExtendDeadlineResponse> Extend(const v1::ExtendDeadlineRequest& request,
                                                    DurationMs timeout) override {
    return Call(*tasks_, &v1::TaskService::Stub::ExtendDeadline, request, timeout);
  }
  absl::StatusOr<v1::AwaitTaskResponse> Await(const v1::AwaitTaskRequest& request, DurationMs timeout) override {
    return Call(*tasks_, &v1::TaskService::Stub::AwaitTask, request, timeout);
  }
  std::unique_ptr<WatchStream> Watch(const v1::WatchTasksRequest& request) override {
    return OpenWatch(*tasks_, Context(), request);
  }
  absl::StatusOr<v1::HeartbeatResponse> Heartbeat(const v1::HeartbeatRequest& request, DurationMs timeout) override {
    return Call(*resolver_, &v1::ResolverService::Stub::Heartbeat, request, timeout);
  }
  absl::StatusOr<v1::SucceedResponse> Succeed(const v1::SucceedRequest& request, DurationMs timeout) override {
    return Call(*resolver_, &v1::ResolverService::Stub::Succeed, request, timeout);
  }
  absl::StatusOr<v1::FailResponse> Fail(const v1::FailRequest& request, DurationMs timeout) override {
    return Call(*resolver_, &v1::ResolverService::Stub::Fail, request, timeout);
  }
  absl::StatusOr<v1::PeekTaskResponse> Peek(const v1::PeekTaskRequest& request, DurationMs timeout) override {
    return Call(*resolver_, &v1::ResolverService::Stub::PeekTask, request, timeout);
  }
  std::unique_ptr<SettleStream> Settle() override { return OpenSettle(*resolver_, Context()); }
  absl::StatusOr<v1::ListDeliveriesResponse> ListDeliveries(const v1::ListDeliveriesRequest& request,
                                                            DurationMs timeout) override {
    return Call(*deliveries_, &v1::DeliveryService::Stub::ListDeliveries, request, timeout);
  }
  absl::StatusOr<v1::GetDeliveryResponse> GetDelivery(const v1::GetDeliveryRequest& request,
                                                      DurationMs timeout) override {
    return Call(*deliveries_, &v1::DeliveryService::Stub::GetDelivery, request, timeout);
  }
  absl::StatusOr<v1::RedriveDeliveriesResponse> Redrive(const v1::RedriveDeliveriesRequest& request,
                                                        DurationMs timeout) override {
    return Call(*deliveries_, &v1::DeliveryService::Stub::RedriveDeliveries, request, timeout);
  }
  absl::StatusOr<v1::DropDeliveryResponse> Drop(const v1::DropDeliveryRequest& request, DurationMs timeout) override {
    return Call(*deliveries_, &v1::DeliveryService::Stub::DropDelivery, request, timeout);
  }
  absl::StatusOr<v1::DropDeliveriesResponse> DropMany(const v1::DropDeliveriesRequest& request,
                                                      DurationMs timeout) override {
    return Call(*deliveries_, &v1::DeliveryService::Stub::DropDeliveries, request, timeout);
  }
  absl::StatusOr<v1::CreateBackupResponse> Backup(const v1::CreateBackupRequest& request, DurationMs timeout) override {
    return Call(*admin_, &v1::AdminService::Stub::CreateBackup, request, timeout);
  }
  absl::StatusOr<v1::GetStatusResponse> Status(DurationMs timeout) override {
    return Call(*admin_, &v1::AdminService::Stub::GetStatus, v1::GetStatusRequest(), timeout);
  }

 private:
  std::unique_ptr<grpc::ClientContext> Context() const {
    auto context = std::make_unique<grpc::ClientContext>();
    if (!api_key_.empty()) context->AddMetadata("authorization", "Bearer " + api_key_);
    return context;
  }

  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                const Request& request, DurationMs timeout) const {
    const auto context = Context();
    context->set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(timeout));
    Response response;
    const grpc::Status status = (stub.*method)(context.get(), request, &response);
    if (!status.ok()) return ExplainTooLarge(FromGrpc(*context, status), request.ByteSizeLong());
    return response;
  }

  std::unique_ptr<v1::TaskService::Stub> tasks_;
  std::unique_ptr<v1::ResolverService::Stub> resolver_;
  std::unique_ptr<v1::DeliveryService::Stub> deliveries_;
  std::unique_ptr<v1::AdminService::Stub> admin_;
  std::string api_key_;
};

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials(const Settings& settings) {
  if (!settings.tls) return grpc::InsecureChannelCredentials();
  TB_ASSIGN_OR_RETURN(TlsFiles files, ReadTlsFiles(settings));
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = std::move(files.roots);
  options.pem_cert_chain = std::move(files.certificate);
  options.pem_private_key = std::move(files.key);
  return grpc::SslCredentials(options);
}

// Reconnects faster than gRPC's default of up to two minutes: our own back-off decides when to call. The keep-alive is
// just slower than the fastest that gRPC servers tolerate by default (five minutes).
grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 310'000);
  arguments.SetMaxReceiveMessageSize(64 << 20);
  return arguments;
}

}  // namespace

absl::StatusOr<std::shared_ptr<Broker>> Connect(const Settings& settings) {
  std::string api_key = settings.api_key;
  if (api_key.empty() && !settings.api_key_file.empty()) {
    TB_ASSIGN_OR_RETURN(api_key, ReadApiKeyFile(settings.api_key_file));
  }
  TB_ASSIGN_OR_RETURN(auto credentials, Credentials(settings));
  return std::make_shared<Client>(grpc::CreateCustomChannel(settings.address, credentials, Arguments()),
                                  std::move(api_key));
}

void QuietLibraries(const Environment& environment) {
  if (environment("GRPC_VERBOSITY")) return;
  gpr_set_log_function([](gpr_log_func_args*) {});
  google::protobuf::SetLogHandler(nullptr);
}

}  // namespace tokenbroker::cli
