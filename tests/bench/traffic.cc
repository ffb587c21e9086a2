#include "tests/bench/traffic.h"

#include <algorithm>
#include <utility>

#include "tests/bench/sample.h"

namespace tokenbroker::benchmarks {
namespace {

constexpr uint64_t kInHundred = 100;
constexpr uint64_t kForgedAt = 33;
constexpr uint64_t kReplayedAt = 66;
// The outcome that is repeated was sent thousands of outcomes before: it is answered already.
constexpr uint64_t kRememberedAt = 67;
constexpr size_t kHundredsBefore = 32;

// A well-formed token that nobody issued.
void Forge(std::string& token) { token[20] = token[20] == 'x' ? 'y' : 'x'; }

}  // namespace

bool BatchIssueTraffic::Fill(Request& request) {
  const auto count = std::min<uint64_t>(left_, kBatchItems);
  if (count == 0) return false;
  left_ -= count;
  if (adapt_ || request.texts() != count) {
    BuildIssues(static_cast<int>(count), adapt_, request);
    return true;
  }
  for (size_t i = 0; i < count; ++i) request.Replace(i, RequestId(NextRequestNumber()));
  return true;
}

size_t BatchIssueTraffic::Take(const Request& request, std::string_view response, const grpc::Status& status) {
  if (!status.ok()) return 0;
  const size_t issued =
      VisitTokens(response, [this](std::string_view token) { return !keep_tokens || tokens.Add(token); });
  return issued == request.texts() ? issued : 0;
}

bool SettleOrder::Next(std::string& token, Expect& expect) {
  const uint64_t place = number_++ % kInHundred;
  if (place == kReplayedAt && before_.size() == kHundredsBefore) {
    token = std::move(before_.front());
    before_.pop_front();
    expect = Expect::kReplayed;
    return true;
  }
  const std::string_view next = tokens_.Next();
  if (next.empty()) return false;
  token.assign(next);
  expect = Expect::kAccepted;
  if (place == kRememberedAt) before_.push_back(token);
  if (place == kForgedAt) {
    Forge(token);
    expect = Expect::kUnknown;
  }
  return true;
}

bool SucceedTraffic::Fill(Request& request) {
  if (!order_.Next(token_, expected_[&request])) return false;
  FillSucceed(token_, request);
  return true;
}

size_t SucceedTraffic::Take(const Request& request, const Response& response, const grpc::Status& status) {
  const SettleOrder::Expect expect = expected_[&request];
  if (expect == SettleOrder::Expect::kUnknown) return status.error_code() == grpc::StatusCode::NOT_FOUND ? 1 : 0;
  if (!status.ok()) return 0;
  const bool accepted = response.verdict() == v1::VERDICT_ACCEPTED;
  return accepted == (expect == SettleOrder::Expect::kAccepted) ? 1 : 0;
}

bool BatchSettleTraffic::Fill(Request& request) {
  tokens_.resize(kBatchItems);
  size_t count = 0;
  SettleOrder::Expect expect;
  while (count < tokens_.size() && order_.Next(tokens_[count], expect)) ++count;
  tokens_.resize(count);
  if (request.texts() != count) {
    BuildSettlements(tokens_, request);
  } else {
    for (size_t i = 0; i < count; ++i) request.Replace(i, tokens_[i]);
  }
  return count > 0;
}

size_t BatchSettleTraffic::Take(const Request& request, std::string_view response, const grpc::Status& status) {
  if (!status.ok()) return 0;
  const Settled settled = CountSettled(response);
  return settled.items == request.texts() && settled.accepted + 2 >= settled.items ? settled.items : 0;
}

}  // namespace tokenbroker::benchmarks
