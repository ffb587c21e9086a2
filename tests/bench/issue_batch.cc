#include "tests/bench/issue_batch.h"

#include "tests/bench/sample.h"
#include "tests/bench/wire_fields.h"

namespace tokenbroker::benchmarks {
void IssueBatch::Build(int items, const std::function<void(v1::IssueTaskRequest&)>& adapt) {
  v1::BatchIssueTasksRequest request;
  for (int i = 0; i < items; ++i) {
    FillIssue(*request.add_items());
    if (adapt) adapt(*request.mutable_items(i));
  }
  request.SerializeToString(&bytes_);
  id_ends_.clear();
  size_t end = 0;
  for (const auto& item : request.items()) {
    end = bytes_.find(item.request_id(), end) + item.request_id().size();
    id_ends_.push_back(end);
  }
}

void IssueBatch::Renew() {
  for (size_t end : id_ends_) WriteRequestNumber(NextRequestNumber(), &bytes_[end]);
}

size_t VisitTokens(std::string_view response, const std::function<bool(std::string_view)>& visit) {
  size_t tokens = 0;
  WireFields items(response);
  while (items.Next()) {
    const std::string_view issued = BytesOf(items.bytes(), v1::BatchIssueTasksResponse::Item::kIssuedFieldNumber);
    const std::string_view token = BytesOf(issued, v1::IssueTaskResponse::kTokenFieldNumber);
    if (token.empty() || !visit(token)) return 0;
    ++tokens;
  }
  return items.ok() ? tokens : 0;
}

}  // namespace tokenbroker::benchmarks
