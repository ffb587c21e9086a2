#include "server/rpc/rpc_server.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/rpc/health.h"
#include "server/rpc/network_thread.h"
#include "server/rpc/reflection.h"
#include "server/rpc/server_options.h"
#include "server/rpc/services.h"

namespace tokenbroker::rpc {
namespace {

// How long connections without calls are given to close by themselves.
constexpr std::chrono::milliseconds kLinger{500};

// One for two cores: the other is for the committer.
unsigned Threads() { return std::max(1u, std::thread::hardware_concurrency() / 2); }

}  // namespace

// Destroyed from the last to the first: the threads before the server, the server before what its calls use.
struct RpcServer::Impl {
  explicit Impl(calls::Door the_door) : door(std::move(the_door)), streams(door.max_watches), sleepers(door.broker) {}

  void AddReflection();
  void Listen();
  // Once no calls are under way: breaks off the connections that are left. A client that does not look at its connection would keep the
  // server from closing until the deadline.
  void BreakOffWhenIdle(const std::stop_token& stop);

  const calls::Door door;
  calls::Streams streams;
  calls::Sleepers sleepers;
  UnderWay under_way;
  Health health;
  std::vector<std::string> reflected;
  std::vector<std::unique_ptr<MethodTable>> tables;
  std::unique_ptr<grpc::Server> server;
  std::vector<std::unique_ptr<NetworkThread>> threads;
  int port = 0;
  bool shut_down = false;
};

void RpcServer::Impl::AddReflection() {
  for (const auto& table : tables) reflected.push_back(table->name());
  for (const char* version : {"v1", "v1alpha"}) {
    auto& table = tables.emplace_back(std::make_unique<MethodTable>(
        door, under_way, absl::StrCat("grpc.reflection.", version, ".ServerReflection")));
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

void RpcServer::Impl::BreakOffWhenIdle(const std::stop_token& stop) {
  std::mutex mutex;
  std::unique_lock<std::mutex> lock(mutex);
  std::condition_variable_any never;
  if (!under_way.AwaitNone(stop)) return;
  never.wait_for(lock, stop, kLinger, [] { return false; });
  if (!stop.stop_requested()) grpc_server_cancel_all_calls(server->c_server());
}

RpcServer::RpcServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

RpcServer::~RpcServer() { Shutdown(0); }

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Start(calls::Door door, const GrpcConfig& grpc,
                                                            const TlsConfig& tls) {
  // Callers who send what does not parse are answered; they shall not write our log.
  google::protobuf::SetLogHandler(nullptr);
  TB_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::ServerCredentials> credentials, MakeCredentials(tls));
  auto impl = std::make_unique<Impl>(std::move(door));
  impl->tables = MakeServices({impl->door, impl->streams, impl->sleepers, impl->under_way});
  for (const auto& table : impl->tables) impl->health.Add(table->name());
  auto& health = impl->tables.emplace_back(
      std::make_unique<MethodTable>(impl->door, impl->under_way, "grpc.health.v1.Health"));
  impl->health.AddTo(*health);
  if (grpc.reflection) impl->AddReflection();

  grpc::ServerBuilder builder;
  SetLimits(grpc, builder);
  builder.AddListeningPort(grpc.listen, credentials, &impl->port);
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

void RpcServer::Shutdown(DurationMs timeout) {
  if (std::exchange(impl_->shut_down, true)) return;
  impl_->streams.Drain();
  std::jthread breaker([this](const std::stop_token& stop) { impl_->BreakOffWhenIdle(stop); });
  impl_->server->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(timeout));
  breaker.request_stop();
  breaker.join();
  for (const auto& thread : impl_->threads) thread->Stop();
}

std::shared_ptr<grpc::Channel> RpcServer::InProcessChannel() { return impl_->server->InProcessChannel({}); }

}  // namespace tokenbroker::rpc
