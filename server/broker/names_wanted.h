// The names (correlation key, request id, upstream token) by which operations find tasks, looked up in the store's
// index all at once.
//
// These are reads of the disk, done without the shard's lock. What has changed since the last checkpoint is known in
// memory and is looked at when deciding.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "server/broker/operation.h"
#include "storage/token_store.h"

namespace tokenbroker::broker {

// Whether the index is needed to find the task.
bool ByName(const TaskAddress& address);

class NamesWanted {
 public:
  void Clear();
  // Notes the operation's names, if any; its fields stored_... get the answers.
  void Want(Operation& operation);
  absl::Status LookUp(const storage::TokenStore& store, storage::ShardId shard);

 private:
  void Want(const storage::IndexKey& key, storage::Sequence& answer);

  std::vector<storage::IndexKey> keys_;
  std::vector<storage::Sequence*> answers_;
  std::vector<storage::Sequence> found_;
};

}  // namespace tokenbroker::broker
