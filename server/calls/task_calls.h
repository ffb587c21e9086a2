// The unary calls of TaskService that change or await one task. Each reads: validate, act, answer.
#pragma once

#include <atomic>
#include <memory>

#include "server/calls/arena_array.h"
#include "server/calls/call.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::calls {

class IssueTaskCall : public UnaryCall<pb::IssueTaskRequest, pb::IssueTaskResponse> {
 public:
  using UnaryCall::UnaryCall;

 private:
  void Begin() override;
  void Decided() override;

  broker::IssueOperation operation_;
};

// Item by item, if the request comes in bytes: items.h says why.
class BatchIssueTasksCall : public UnaryCall<pb::BatchIssueTasksRequest, pb::BatchIssueTasksResponse> {
 public:
  using UnaryCall::UnaryCall;

  broker::Refusal ReadRequest(std::string_view bytes) override;
  void WriteResponse(std::string& bytes) override;

 private:
  using Item = pb::IssueTaskRequest;
  using Result = pb::BatchIssueTasksResponse::Item;

  void Begin() override;
  void Decided() override;
  // The operation's refusal says so if the item is not valid.
  void Take(const Item& item, broker::IssueOperation& operation);
  // Sets every field.
  void Tell(const broker::IssueOperation& operation, Result* result) const;

  bool in_bytes_ = false;
  ArenaArray<broker::IssueOperation> operations_;
};

// Cancel and Extend: an operation on one task, then the task as it stands.
template <typename RequestT, typename ResponseT, typename Operation>
class ChangeCall : public UnaryCall<RequestT, ResponseT> {
 public:
  using UnaryCall<RequestT, ResponseT>::UnaryCall;

 private:
  void Begin() override;
  void Decided() override;
  void Changed();
  void Show();

  Operation operation_;
  broker::LocateOperation look_;
  bool changed_ = false;
};
using CancelTaskCall = ChangeCall<pb::CancelTaskRequest, pb::CancelTaskResponse, broker::CancelOperation>;
using ExtendDeadlineCall = ChangeCall<pb::ExtendDeadlineRequest, pb::ExtendDeadlineResponse, broker::ExtendOperation>;

class AwaitTaskCall : public UnaryCall<pb::AwaitTaskRequest, pb::AwaitTaskResponse> {
 public:
  using UnaryCall::UnaryCall;
  static constexpr bool kMayWait = true;

 private:
  void Begin() override;
  void Decided() override;
  void Cancel() override;
  void WaitForDelivery();
  void Show();

  broker::AwaitOperation operation_;
  // Set while, and after, the delivery is waited for.
  std::unique_ptr<broker::AwaitOperation> delivery_;
  TimeMs until_ = 0;
};

}  // namespace tokenbroker::calls
