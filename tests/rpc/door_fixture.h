// A broker in memory behind a gRPC server without a socket, and the words to talk to it. The clock moves when a test
// says so.
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/broker/key_ring.h"
#include "server/rpc/rpc_server.h"
#include "storage/memory/memory_store.h"
#include "tokenbroker/v1/admin_service.grpc.pb.h"
#include "tokenbroker/v1/resolver_service.grpc.pb.h"
#include "tokenbroker/v1/task_service.grpc.pb.h"

namespace tokenbroker::rpc {

namespace pb = calls::pb;

class SteppedClock : public Clock {
 public:
  TimeMs Now() const override { return now_; }
  void Advance(DurationMs by) { now_ += by; }

 private:
  std::atomic<TimeMs> now_{1'700'000'000'000};
};

// In memory, and seen through.
class WatchedStore : public storage::MemoryStore {
 public:
  absl::Status Scan(storage::ShardId shard, storage::Sequence from,
                    absl::FunctionRef<bool(const storage::LogRecord&)> visit) const override {
    ++scans;
    return MemoryStore::Scan(shard, from, visit);
  }
  absl::Status Backup(const std::string& path) override { return backup ? backup() : MemoryStore::Backup(path); }

  mutable std::atomic<int> scans{0};
  // What a backup does instead.
  std::function<absl::Status()> backup;
};

class DoorFixture : public testing::Test {
 protected:
  // Long enough for the slowest machine; a test that waits for it has failed.
  static constexpr std::chrono::seconds kPatience{30};

  virtual AuthConfig Auth() { return {}; }
  virtual broker::Limits Limits() { return {}; }
  virtual TlsConfig Tls() { return {}; }
  virtual void Prepare(calls::Door& door) {}

  void SetUp() override {
    broker::TokenKey key;
    key.id = 1;
    codec_ = std::make_unique<broker::TokenCodec>(*broker::KeyRing::Create({key}));
    broker_ = *broker::Broker::Open({.limits = Limits()}, {store_, *codec_, clock_, *executor_, *executor_,
                                                           *background_, observer_, [](absl::Status) {}});
    broker_->Start();
    authenticator_ = std::make_unique<calls::Authenticator>(Auth());
    calls::Door door{*broker_, *authenticator_, metrics_};
    door.version = "test";
    Prepare(door);
    GrpcConfig config;
    config.listen = "127.0.0.1:0";
    server_ = *RpcServer::Start(std::move(door), config, Tls());
    auto channel = server_->InProcessChannel();
    tasks_ = pb::TaskService::NewStub(channel);
    resolver_ = pb::ResolverService::NewStub(channel);
    admin_ = pb::AdminService::NewStub(channel);
  }

  void TearDown() override {
    Drain();
    server_->Shutdown(0);
    broker_->StopCommitter();
    executor_.reset();
    background_.reset();
  }

  void Drain() {
    server_->BeginDrain();
    broker_->BeginDrain();
  }

  // --- Calls ---

  std::unique_ptr<grpc::ClientContext> Context() {
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(std::chrono::system_clock::now() + kPatience);
    if (!key_.empty()) context->AddMetadata("authorization", "Bearer " + key_);
    return context;
  }

  // Calls a method of a stub: Call(*tasks_, &pb::TaskService::Stub::GetTask, request, &response).
  template <typename Stub, typename Request, typename Response>
  grpc::Status Call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    return (stub.*method)(Context().get(), request, response);
  }

  pb::IssueTaskResponse Issue(const pb::IssueTaskRequest& request) {
    pb::IssueTaskResponse response;
    const grpc::Status status = TryIssue(request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  grpc::Status TryIssue(const pb::IssueTaskRequest& request, pb::IssueTaskResponse* response) {
    return Call(*tasks_, &pb::TaskService::Stub::IssueTask, request, response);
  }
  pb::IssueTaskResponse IssueWithKey(const std::string& key) {
    pb::IssueTaskRequest request;
    request.set_namespace_("demo");
    request.set_correlation_key(key);
    return Issue(request);
  }

  grpc::Status Succeed(const pb::TaskRef& task, const std::string& output, pb::SucceedResponse* response) {
    pb::SucceedRequest request;
    *request.mutable_task() = task;
    request.set_output(output);
    return Call(*resolver_, &pb::ResolverService::Stub::Succeed, request, response);
  }
  grpc::Status Succeed(const pb::TaskRef& task, const std::string& output) {
    pb::SucceedResponse response;
    return Succeed(task, output, &response);
  }

  grpc::Status Get(const pb::TaskRef& task, pb::Task* out) {
    pb::GetTaskRequest request;
    *request.mutable_task() = task;
    pb::GetTaskResponse response;
    const grpc::Status status = Call(*tasks_, &pb::TaskService::Stub::GetTask, request, &response);
    *out = response.task();
    return status;
  }

  static pb::TaskRef ByToken(const std::string& token) {
    pb::TaskRef ref;
    ref.set_token(token);
    return ref;
  }
  static pb::TaskRef ById(const std::string& id) {
    pb::TaskRef ref;
    ref.set_task_id(id);
    return ref;
  }
  static pb::TaskRef ByKey(const std::string& name_space, const std::string& key) {
    pb::TaskRef ref;
    ref.mutable_key()->set_namespace_(name_space);
    ref.mutable_key()->set_key(key);
    return ref;
  }

  // --- Errors ---

  template <typename Detail>
  static Detail DetailOf(const grpc::Status& status) {
    google::rpc::Status details;
    Detail detail;
    details.ParseFromString(status.error_details());
    for (const auto& any : details.details()) any.UnpackTo(&detail);
    return detail;
  }
  static std::string ReasonOf(const grpc::Status& status) {
    return status.ok() ? "OK" : DetailOf<google::rpc::ErrorInfo>(status).reason();
  }

  static ApiKey KeyOf(const std::string& id, const std::string& key, NamespaceRights namespaces) {
    ApiKey entry;
    entry.id = id;
    SHA256(reinterpret_cast<const uint8_t*>(key.data()), key.size(), entry.sha256.data());
    entry.namespaces = std::move(namespaces);
    return entry;
  }

  SteppedClock clock_;
  WatchedStore store_;
  broker::Observer observer_;
  MetricsRegistry registry_;
  BrokerMetrics metrics_{registry_};
  std::unique_ptr<ThreadPool> executor_ = std::make_unique<ThreadPool>(2);
  std::unique_ptr<ThreadPool> background_ = std::make_unique<ThreadPool>(1);
  std::unique_ptr<broker::TokenCodec> codec_;
  std::unique_ptr<broker::Broker> broker_;
  std::unique_ptr<calls::Authenticator> authenticator_;
  std::unique_ptr<RpcServer> server_;
  std::unique_ptr<pb::TaskService::Stub> tasks_;
  std::unique_ptr<pb::ResolverService::Stub> resolver_;
  std::unique_ptr<pb::AdminService::Stub> admin_;
  // Whose calls these are, in mode keys.
  std::string key_;
};

}  // namespace tokenbroker::rpc
