// The calls of AdminService.
#pragma once

#include "server/calls/call.h"
#include "tokenbroker/v1/admin_service.pb.h"

namespace tokenbroker::calls {

class CreateBackupCall : public UnaryCall<pb::CreateBackupRequest, pb::CreateBackupResponse> {
 public:
  using UnaryCall::UnaryCall;

 private:
  void Begin() override;
  void Copy();
  void Copied();

  // At least so far.
  broker::Sequence last_ = 0;
  absl::Status copied_;
  uint64_t size_ = 0;
};

class GetStatusCall : public UnaryCall<pb::GetStatusRequest, pb::GetStatusResponse> {
 public:
  using UnaryCall::UnaryCall;

 private:
  void Begin() override;
  void Show();
};

// Whether a backup may be written to `path`: an absolute path, without "..", inside `root`, which must be set.
broker::Refusal CheckBackupPath(const std::string& path, const std::string& root);

}  // namespace tokenbroker::calls
