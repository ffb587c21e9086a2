#include "server/rpc/rpc_server.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/grpc.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <chrono>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/rpc/server_options.h"
#include "server/rpc/services.h"
#include "server/rpc/streams.h"

namespace tokenbroker::rpc {
namespace {

// gRPC waits for 20 seconds for a peer that does not answer its GOAWAY, also when no call is under way there. Once none is under
// way anywhere, what is left of the connections has so long to go.
constexpr std::chrono::milliseconds kFarewell{500};

// All are process-wide; the plugins only count for servers built afterwards.
void PrepareProcess(bool reflection) {
  // Callers who send what does not parse are answered; they shall not write our log.
  google::protobuf::SetLogHandler(nullptr);
  grpc::EnableDefaultHealthCheckService(true);
  static bool reflecting = false;
  if (reflection && !std::exchange(reflecting, true)) grpc::reflection::InitProtoReflectionServerBuilderPlugin();
}

void SetHealth(grpc::Server& server, bool serving) {
  grpc::HealthCheckServiceInterface* health = server.GetHealthCheckService();
  if (health == nullptr) return;
  health->SetServingStatus(serving);
  for (const char* service :
       {"tokenbroker.v1.ResolverService", "tokenbroker.v1.TaskService", "tokenbroker.v1.AdminService"}) {
    health->SetServingStatus(service, serving);
  }
}

}  // namespace

// Destroyed from the last to the first: the server before what its calls use.
struct RpcServer::Impl {
  explicit Impl(Door the_door) : door(std::move(the_door)), streams(door.max_watches) {}

  const Door door;
  Streams streams;
  std::vector<std::unique_ptr<grpc::Service>> services;
  std::unique_ptr<grpc::Server> server;
  int port = 0;
  bool shut_down = false;
};

RpcServer::RpcServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

RpcServer::~RpcServer() { Shutdown(0); }

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Start(Door door, const GrpcConfig& grpc, const TlsConfig& tls) {
  PrepareProcess(grpc.reflection);
  TB_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::ServerCredentials> credentials, MakeCredentials(tls));
  auto impl = std::make_unique<Impl>(std::move(door));
  impl->services = MakeServices(impl->door, impl->streams);
  grpc::ServerBuilder builder;
  SetLimits(grpc, builder);
  builder.AddListeningPort(grpc.listen, credentials, &impl->port);
  for (const auto& service : impl->services) builder.RegisterService(service.get());
  impl->server = builder.BuildAndStart();
  if (impl->server == nullptr || impl->port == 0) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", grpc.listen, ": is the address in use?"));
  }
  SetHealth(*impl->server, true);
  return std::unique_ptr<RpcServer>(new RpcServer(std::move(impl)));
}

int RpcServer::port() const { return impl_->port; }

void RpcServer::BeginDrain() {
  SetHealth(*impl_->server, false);
  impl_->streams.Drain();
}

void RpcServer::Shutdown(DurationMs timeout) {
  if (std::exchange(impl_->shut_down, true)) return;
  impl_->streams.Drain();
  std::promise<void> closed;
  std::thread farewell([this, over = closed.get_future()] {
    while (over.wait_for(kFarewell) == std::future_status::timeout) {
      if (impl_->door.under_way->none()) grpc_server_cancel_all_calls(impl_->server->c_server());
    }
  });
  impl_->server->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(timeout));
  closed.set_value();
  farewell.join();
}

std::shared_ptr<grpc::Channel> RpcServer::InProcessChannel() { return impl_->server->InProcessChannel({}); }

}  // namespace tokenbroker::rpc
