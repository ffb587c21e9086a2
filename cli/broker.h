// What the commands need of a broker. Free of gRPC, so that their logic is tested against a fake.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "tokenbroker/v1/admin_service.pb.h"
#include "tokenbroker/v1/delivery_service.pb.h"
#include "tokenbroker/v1/resolver_service.pb.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::cli {

// One SettleStream call. Used from one thread; destroying it ends the call.
class SettleStream {
 public:
  virtual ~SettleStream() = default;
  // False when the stream is broken; Read says why.
  virtual bool Write(const v1::SettleStreamRequest& batch) = 0;
  // The next answer. DEADLINE_EXCEEDED when none came in time, otherwise what broke the stream.
  virtual absl::StatusOr<v1::SettleStreamResponse> Read(DurationMs timeout) = 0;
};

// One WatchTasks call.
class WatchStream {
 public:
  virtual ~WatchStream() = default;
  // The next change, however long it takes, or what ended the stream (never OK).
  virtual absl::StatusOr<v1::WatchTasksResponse> Read() = 0;
};

// One call per method; no retries here. Errors carry the broker's details (error.h). Thread-safe.
class Broker {
 public:
  virtual ~Broker() = default;

  virtual absl::StatusOr<v1::IssueTaskResponse> Issue(const v1::IssueTaskRequest& request, DurationMs timeout) = 0;
  virtual absl::StatusOr<v1::GetTaskResponse> Get(const v1::GetTaskRequest& request, DurationMs timeout) = 0;
  virtual absl::StatusOr<v1::BatchGetTasksResponse> BatchGet(const v1::BatchGetTasksRequest& request,
                                                             DurationMs timeout) = 0;
  virtual absl::StatusOr<v1::ListTasksResponse> List(const v1::ListTasksRequest& request, DurationMs timeout) = 0;
  virtual absl::StatusOr<v1::CancelTaskResponse> Cancel(const v1::CancelTaskRequest& request, DurationMs timeout) = 0;
  virtual absl::StatusOr<v1::ExtendDeadlineResponse> Extend(const v1::ExtendDeadlineRequest& request,
                                                            DurationMs timeout) = 0;
  virtual absl::StatusOr<v1::AwaitTaskResponse> Await(const v1::AwaitTaskRequest& request, DurationMs timeout) = 0;
  virtual std::unique_ptr<WatchStream> Watch(const v1::WatchTasksRequest& request) = 0;

  virtual absl::StatusOr<v1::HeartbeatResponse> Heartbeat(const v1::HeartbeatRequest& request, DurationMs timeout) = 0;
  virtual absl::StatusOr<v1::SucceedResponse> Succeed(const v1::SucceedRequest& request, DurationMs timeout) = 0;
  virtual absl::StatusOr<v1::FailResponse> Fail(const v1::FailRequest& request, DurationMs timeout) = 0;
  virtual absl::StatusOr<v1::PeekTaskResponse> Peek(const v1::PeekTaskRequest& request, DurationMs timeout) = 0;
  virtual std::unique_ptr<SettleStream> Settle() = 0;

  virtual absl::StatusOr<v1::ListDeliveriesResponse> ListDeliveries(const v1::ListDeliveriesRequest& request,
                                                                    DurationMs timeout) = 0;
  virtual absl::StatusOr<v1::GetDeliveryResponse> GetDelivery(const v1::GetDeliveryRequest& request,
                                                              DurationMs timeout) = 0;
  virtual absl::StatusOr<v1::RedriveDeliveriesResponse> Redrive(const v1::RedriveDeliveriesRequest& request,
                                                                DurationMs timeout) = 0;
  virtual absl::StatusOr<v1::DropDeliveryResponse> Drop(const v1::DropDeliveryRequest& request, DurationMs timeout) = 0;
  virtual absl::StatusOr<v1::DropDeliveriesResponse> DropMany(const v1::DropDeliveriesRequest& request,
                                                              DurationMs timeout) = 0;

  virtual absl::StatusOr<v1::CreateBackupResponse> Backup(const v1::CreateBackupRequest& request,
                                                          DurationMs timeout) = 0;
  virtual absl::StatusOr<v1::GetStatusResponse> Status(DurationMs timeout) = 0;
};

}  // namespace tokenbroker::cli
