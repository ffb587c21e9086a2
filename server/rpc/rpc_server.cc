#include "server/rpc/rpc_server.h"

#include <google/protobuf/stubs/logging.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/rpc/grpc_log.h"
#include "server/rpc/health.h"
#include "server/rpc/network_thread.h"
#include "server/rpc/reflection.h"
#include "server/rpc/server_options.h"
#include "server/rpc/services.h"

namespace tokenbroker::rpc {
namespace {

// How long callers are told that we drain after the last call has ended: what is on its way then, gRPC would answer
// with CANCELLED.
constexpr std::chrono::milliseconds kLinger{100};

// One for two cores: the other is for the committer.
unsigned Threads() { return std::max(1u, std::thread::hardware_concurrency() / 2); }

}  // namespace

// Destroyed from the last to the first: the threads before the server, the server before what its calls use.
struct RpcServer::Impl {
  explicit Impl(calls::Door the_door) : door(std::move(the_door)), streams(door.max_watches), sleepers(door.broker) {}

  void AddReflection();
  void Listen();
  const calls::Door door;
  calls::Streams streams;
  calls::Sleepers sleepers;
  UnderWay under_way;
  UnderWay tools;  // health and reflection, for which a drain does not wait
  Health health;
  std::vector<std::string> reflected;
  std::vector<std::unique_ptr<MethodTable>> tables;
  std::shared_ptr<grpc::ServerCredentials> credentials;  // the builder wants to share them
  std::unique_ptr<grpc::Server> server;
  std::vector<std::unique_ptr<NetworkThread>> threads;
  int port = 0;
  bool shut_down = false;
};

void RpcServer::Impl::AddReflection() {
  for (const auto& table : tables) reflected.push_back(table->name());
  for (const char* version : {"v1", "v1alpha"}) {
    auto& table = tables.emplace_back(
        std::make_unique<MethodTable>(door, tools, absl::StrCat("grpc.reflection.", version, ".ServerReflection")));
    table->Stream("ServerReflectionInfo",
                  [this](StreamCall::Parts parts) { return new ReflectionCall(std::move(parts), reflected); });
  }
  // What callers find under the older name is described nowhere.
  reflected.push_back("grpc.reflection.v1.ServerReflection");
}

void RpcServer::Impl::Listen() {
  for (const auto& thread : threads) {
    for (const auto& table : tables) table->Listen(*thread);
    thread->Start();
  }
}

RpcServer::RpcServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

RpcServer::~RpcServer() { Shutdown(0); }

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Start(calls::Door door, const GrpcConfig& grpc,
                                                            const TlsConfig& tls) {
  // Callers who send what does not parse are answered; they shall not write our log.
  google::protobuf::SetLogHandler(nullptr);
  TakeOverGrpcLog();
  auto impl = std::make_unique<Impl>(std::move(door));
  TB_ASSIGN_OR_RETURN(impl->credentials, MakeCredentials(tls));
  impl->tables = MakeServices({impl->door, impl->streams, impl->sleepers, impl->under_way});
  for (const auto& table : impl->tables) impl->health.Add(table->name());
  auto& health =
      impl->tables.emplace_back(std::make_unique<MethodTable>(impl->door, impl->tools, "grpc.health.v1.Health"));
  impl->health.AddTo(*health);
  if (grpc.reflection) impl->AddReflection();

  grpc::ServerBuilder builder;
  SetLimits(grpc, builder);
  builder.AddListeningPort(grpc.listen, impl->credentials, &impl->port);
  for (const auto& table : impl->tables) builder.RegisterService(table.get());
  for (unsigned i = 0; i < Threads(); ++i) {
    impl->threads.push_back(std::make_unique<NetworkThread>(builder.AddCompletionQueue()));
  }
  impl->server = builder.BuildAndStart();
  if (impl->server == nullptr || impl->port == 0) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", grpc.listen, ": is the address in use?"));
  }
  impl->health.SetServing(true);
  impl->Listen();
  return std::unique_ptr<RpcServer>(new RpcServer(std::move(impl)));
}

int RpcServer::port() const { return impl_->port; }

void RpcServer::BeginDrain() {
  impl_->health.SetServing(false);
  impl_->streams.Drain();
}

// gRPC's own way, a shutdown with a deadline, waits for connections, too, of which some never look at what we send; and
// it breaks off calls that have come, but are not with us yet.
void RpcServer::Shutdown(DurationMs timeout) {
  if (std::exchange(impl_->shut_down, true)) return;
  impl_->streams.Drain();
  impl_->under_way.Close();
  impl_->tools.Close();
  if (impl_->under_way.AwaitNone(std::chrono::milliseconds(timeout)) && timeout > 0)
    std::this_thread::sleep_for(kLinger);
  impl_->server->Shutdown(std::chrono::system_clock::now());
  // Broken off or not, each has to come back before its thread may end; so has each that listens, for gRPC ends the
  // process when it is asked for a call on a queue that was shut down.
  impl_->under_way.AwaitEnd();
  impl_->tools.AwaitEnd();
  for (const auto& thread : impl_->threads) thread->Stop();
}

std::shared_ptr<grpc::Channel> RpcServer::InProcessChannel() { return impl_->server->InProcessChannel({}); }

}  // namespace tokenbroker::rpc
