#include "server/broker/names_wanted.h"

#include "absl/types/span.h"
#include "base/status_macros.h"

namespace tokenbroker::broker {

bool ByName(const TaskAddress& address) {
  return address.kind == TaskAddress::Kind::kKey || address.kind == TaskAddress::Kind::kUpstream;
}

void NamesWanted::Clear() {
  keys_.clear();
  answers_.clear();
}

void NamesWanted::Want(const storage::IndexKey& key, storage::Sequence& answer) {
  keys_.push_back(key);
  answers_.push_back(&answer);
}

void NamesWanted::Want(Operation& operation) {
  if (operation.kind == Operation::Kind::kIssue) {
    auto& issue = static_cast<IssueOperation&>(operation);
    if (!issue.request.request_id.empty()) Want(issue.request_key, issue.stored_request);
    if (!issue.request.correlation_key.empty()) Want(issue.correlation_index_key, issue.stored_task);
    if (!issue.request.upstream_token.empty()) Want(issue.upstream_key, issue.stored_upstream);
  } else if (TaskAddress* address = AddressOf(operation); address != nullptr && ByName(*address)) {
    Want(address->index_key, operation.stored_task);
  }
}

absl::Status NamesWanted::LookUp(const storage::TokenStore& store, storage::ShardId shard) {
  if (keys_.empty()) return absl::OkStatus();
  found_.resize(keys_.size());
  TB_RETURN_IF_ERROR(store.FindAll(shard, keys_, absl::MakeSpan(found_)));
  for (size_t i = 0; i < keys_.size(); ++i) *answers_[i] = found_[i];
  return absl::OkStatus();
}

}  // namespace tokenbroker::broker
