// The unary calls of TaskService that only look. They read the store, so they go on on the broker's executor.
#pragma once

#include <memory>
#include <vector>

#include "server/calls/call.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::calls {

// The record of a located task, if the caller may see it. Whether the caller may see an ended task named by its id can
// be told from the record alone. Blocks.
absl::StatusOr<broker::TaskRecordPtr> LoadVisible(const broker::Broker& broker, const broker::TaskAddress& address,
                                                  const broker::Principal& principal, const broker::Located& located);

class GetTaskCall : public UnaryCall<pb::GetTaskRequest, pb::GetTaskResponse> {
 public:
  using UnaryCall::UnaryCall;

 private:
  void Begin() override;
  void Decided() override;
  void Show();

  broker::LocateOperation operation_;
};

class BatchGetTasksCall : public UnaryCall<pb::BatchGetTasksRequest, pb::BatchGetTasksResponse> {
 public:
  using UnaryCall::UnaryCall;

 private:
  void Begin() override;
  void Decided() override;
  void Show();
  void ShowItem(broker::LocateOperation& operation, pb::BatchGetTasksResponse::Item* out);

  std::unique_ptr<broker::LocateOperation[]> operations_;
  size_t answered_bytes_ = 0;
};

class ListTasksCall : public UnaryCall<pb::ListTasksRequest, pb::ListTasksResponse> {
 public:
  using UnaryCall::UnaryCall;

 private:
  void Begin() override;
  void Show();
  // How many bytes they took.
  size_t AddTasks(const std::vector<broker::TaskRecordPtr>& tasks);

  broker::Sequence from_ = 0;
};

}  // namespace tokenbroker::calls
