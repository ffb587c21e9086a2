// Finishes what the rules cannot decide from memory: compares outcomes and requests with what is recorded, checks contracts.
//
// Reads the store, so it runs on threads that may block. What it reads never changes: records of the log are written once.
// Thread-safe.
#pragma once

#include "server/broker/operation.h"
#include "storage/token_store.h"

namespace tokenbroker::broker {

class Judge {
 public:
  Judge(const storage::TokenStore& store, storage::ShardId shard) : store_(store), shard_(shard) {}

  // For Next::kCompare: the task ended at `outcome_at`.
  void Compare(Operation& operation) const;

  // For Next::kCheckContract. True if the operation is to be decided again; false if it is answered.
  bool CheckContract(ResolveOperation& operation) const;

  // For Next::kCompareIssue. False if the recorded request is gone: decide again as if it had never been.
  bool CompareIssue(IssueOperation& operation) const;

 private:
  void Compare(ResolveOperation& operation) const;
  void Compare(CancelOperation& operation) const;

  const storage::TokenStore& store_;
  const storage::ShardId shard_;
};

}  // namespace tokenbroker::broker
