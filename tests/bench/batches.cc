#include "tests/bench/batches.h"

#include "tests/bench/wire_fields.h"

namespace tokenbroker::benchmarks {

void BuildIssues(int items, const std::function<void(v1::IssueTaskRequest&)>& adapt, PatchedMessage& batch) {
  v1::BatchIssueTasksRequest request;
  std::vector<std::string> ids;
  for (int i = 0; i < items; ++i) {
    v1::IssueTaskRequest& item = *request.add_items();
    FillIssue(item);
    if (adapt) adapt(item);
    ids.push_back(item.request_id());
  }
  batch.Build(request, ids);
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

void BuildSettlements(const std::vector<std::string>& tokens, PatchedMessage& batch) {
  v1::BatchSettleRequest request;
  for (const std::string& token : tokens) FillSucceed(token, *request.add_items()->mutable_succeed());
  batch.Build(request, tokens);
}

Settled CountSettled(std::string_view response) {
  Settled settled;
  WireFields items(response);
  while (items.Next()) {
    ++settled.items;
    settled.accepted += VarintOf(items.bytes(), v1::SettlementResult::kVerdictFieldNumber) == v1::VERDICT_ACCEPTED;
  }
  return items.ok() ? settled : Settled{};
}

}  // namespace tokenbroker::benchmarks
