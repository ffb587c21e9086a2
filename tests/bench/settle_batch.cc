#include "tests/bench/settle_batch.h"

#include "tests/bench/requests.h"
#include "tests/bench/token_pool.h"
#include "tests/bench/wire_fields.h"

namespace tokenbroker::benchmarks {

// A batch of as many tasks as the one before differs from it in the tokens alone.
void SettleBatch::Build(const std::vector<std::string>& tokens) {
  if (tokens.size() != token_at_.size()) {
    v1::BatchSettleRequest request;
    for (const std::string& token : tokens) FillSucceed(token, *request.add_items()->mutable_succeed());
    request.SerializeToString(&bytes_);
    token_at_.clear();
    size_t end = 0;
    for (const std::string& token : tokens) {
      token_at_.push_back(bytes_.find(token, end));
      end = token_at_.back() + token.size();
    }
    return;
  }
  for (size_t i = 0; i < tokens.size(); ++i) bytes_.replace(token_at_[i], TokenPool::kLength, tokens[i]);
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
