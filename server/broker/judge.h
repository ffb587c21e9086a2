// Finishes what the rules cannot decide from memory: compares outcomes and requests with what is recorded, checks
// contracts.
//
// Reads the store, so it runs on threads that may block. What it reads never changes: records of the log are written
// once. Thread-safe.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "server/broker/operation.h"
#include "storage/log_entry.h"
#include "storage/token_store.h"

namespace tokenbroker::broker {

class Judge {
 public:
  Judge(const storage::TokenStore& store, storage::ShardId shard) : store_(store), shard_(shard) {}

  // For Next::kCompare: the task ended at `outcome_at`. False if that is kept no longer and the operation is to be
  // decided again, as if the task had never been.
  bool Compare(Operation& operation) const;

  // For Next::kCheckContract. True if the operation is to be decided again; false if it is answered.
  bool CheckContract(ResolveOperation& operation) const;

  // For Next::kCompareIssue. False if the recorded request is gone: decide again as if it had never been.
  bool CompareIssue(IssueOperation& operation) const;

 private:
  bool Compare(ResolveOperation& operation) const;
  // Refuses what came after the end, with what is recorded; unless it ended as `intended`.
  void TellOfEnd(TaskOperation& operation, Right right, std::optional<TaskState> intended = {}) const;
  // The task's outcome, at that place or, with 0, where the index says. The entry's views are into `bytes`.
  absl::StatusOr<storage::ResolvedEntry> ReadOutcome(Sequence task, Sequence outcome_at, std::string& bytes) const;

  const storage::TokenStore& store_;
  const storage::ShardId shard_;
};

}  // namespace tokenbroker::broker
