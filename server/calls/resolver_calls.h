// The unary calls of ResolverService. Each reads: validate, act, answer.
#pragma once

#include <memory>
#include <type_traits>

#include "server/calls/call.h"
#include "server/calls/settle_batch.h"
#include "tokenbroker/v1/resolver_service.pb.h"

namespace tokenbroker::calls {

class HeartbeatCall : public UnaryCall<pb::HeartbeatRequest, pb::HeartbeatResponse> {
 public:
  using UnaryCall::UnaryCall;

 private:
  void Begin() override;
  void Decided() override;

  broker::HeartbeatOperation operation_;
};

// Succeed and Fail, which differ in their requests alone.
template <typename RequestT, typename ResponseT>
class SettleCall : public UnaryCall<RequestT, ResponseT> {
 public:
  using UnaryCall<RequestT, ResponseT>::UnaryCall;

 private:
  static constexpr broker::TaskState kState =
      std::is_same_v<RequestT, pb::SucceedRequest> ? broker::TaskState::kSucceeded : broker::TaskState::kFailed;

  void Begin() override;
  void Decided() override;
  void WaitForDelivery();
  void ShowDelivery();

  broker::ResolveOperation operation_;
  // Set while, and after, the target's verdict is waited for.
  std::unique_ptr<broker::AwaitOperation> delivery_;
};
using SucceedCall = SettleCall<pb::SucceedRequest, pb::SucceedResponse>;
using FailCall = SettleCall<pb::FailRequest, pb::FailResponse>;

class BatchHeartbeatCall : public UnaryCall<pb::BatchHeartbeatRequest, pb::BatchHeartbeatResponse> {
 public:
  using UnaryCall::UnaryCall;

 private:
  void Begin() override;
  void Decided() override;

  std::unique_ptr<broker::HeartbeatOperation[]> operations_;
};

// Item by item, if the request comes in bytes: items.h says why.
class BatchSettleCall : public UnaryCall<pb::BatchSettleRequest, pb::BatchSettleResponse> {
 public:
  using UnaryCall::UnaryCall;

  broker::Refusal ReadRequest(std::string_view bytes) override;
  void WriteResponse(std::string& bytes) override;

 private:
  void Begin() override;
  void Settled();
  SettleBatch::Parts Settling() const { return {door(), principal(), home(), arena()}; }

  bool in_bytes_ = false;
  std::optional<SettleBatch> batch_;
};

// Decides as Succeed or Fail would, then shows the answer and the task, if the caller may read it.
class PeekTaskCall : public UnaryCall<pb::PeekTaskRequest, pb::PeekTaskResponse> {
 public:
  using UnaryCall::UnaryCall;

 private:
  void Begin() override;
  void Decided() override;
  void LookAtTask();
  void Looked();
  void Show();

  broker::ResolveOperation operation_;
  broker::LocateOperation look_;
  bool judged_ = false;
};

}  // namespace tokenbroker::calls
