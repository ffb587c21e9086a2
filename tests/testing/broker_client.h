// Calls to a real broker, without ceremony: stubs on one connection, and what error statuses say.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "google/rpc/error_details.pb.h"
#include "tokenbroker/v1/admin_service.grpc.pb.h"
#include "tokenbroker/v1/delivery_service.grpc.pb.h"
#include "tokenbroker/v1/resolver_service.grpc.pb.h"
#include "tokenbroker/v1/task_service.grpc.pb.h"

namespace tokenbroker::testing {

// Thread-safe. Each client has its own connection.
class BrokerClient {
 public:
  explicit BrokerClient(const std::string& address, DurationMs call_limit = 20'000);

  v1::TaskService::Stub& tasks() const { return *tasks_; }
  v1::ResolverService::Stub& resolver() const { return *resolver_; }
  v1::AdminService::Stub& admin() const { return *admin_; }
  v1::DeliveryService::Stub& deliveries() const { return *deliveries_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  // client.Call(client.tasks(), &v1::TaskService::Stub::GetTask, request, response)
  template <typename Stub, typename Request, typename Response>
  grpc::Status Call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response& response) const {
    grpc::ClientContext context;
    SetLimit(context);
    return (stub.*method)(&context, request, &response);
  }

  grpc::Status Issue(const v1::IssueTaskRequest& request, v1::IssueTaskResponse& response) const {
    return Call(tasks(), &v1::TaskService::Stub::IssueTask, request, response);
  }
  grpc::Status Get(const v1::TaskRef& ref, v1::Task& task) const;
  grpc::Status Succeed(const v1::SucceedRequest& request, v1::SucceedResponse& response) const {
    return Call(resolver(), &v1::ResolverService::Stub::Succeed, request, response);
  }
  grpc::Status Fail(const v1::FailRequest& request, v1::FailResponse& response) const {
    return Call(resolver(), &v1::ResolverService::Stub::Fail, request, response);
  }

  void SetLimit(grpc::ClientContext& context) const;

 private:
  const DurationMs call_limit_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::TaskService::Stub> tasks_;
  std::unique_ptr<v1::ResolverService::Stub> resolver_;
  std::unique_ptr<v1::AdminService::Stub> admin_;
  std::unique_ptr<v1::DeliveryService::Stub> deliveries_;
};

// What an error status carries besides its code and text.
struct ErrorDetails {
  // Of the ErrorInfo; ERROR_REASON_UNSPECIFIED if there is none.
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  std::string domain;
  google::rpc::BadRequest bad_request;
  std::optional<google::rpc::RetryInfo> retry;
  std::optional<v1::ResolvedDetail> resolved;

  // The first offending field; empty if none.
  std::string field() const;
  std::string description() const;
};
ErrorDetails DetailsOf(const grpc::Status& status);
v1::ErrorReason ReasonOf(const grpc::Status& status);

v1::TaskRef ByToken(const std::string& token);
v1::TaskRef ById(const std::string& task_id);
v1::TaskRef ByKey(const std::string& name_space, const std::string& key);

google::protobuf::Duration ToDuration(DurationMs ms);
TimeMs ToMs(const google::protobuf::Timestamp& time);

// "FAILED_PRECONDITION TASK_EXPIRED: the task expired"
std::string Describe(const grpc::Status& status);

}  // namespace tokenbroker::testing
