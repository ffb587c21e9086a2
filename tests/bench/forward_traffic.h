// Tasks whose outcomes are owed to Step Functions: the task with number n has UpstreamToken(n), so that what the target
// was sent can be told apart.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/step_functions_stub.h"
#include "tests/bench/traffic.h"

namespace tokenbroker::benchmarks {

// Issues tasks with the numbers below `count`, a hundred a call, and keeps their tokens by number.
class ForwardedIssueTraffic {
 public:
  static constexpr char kMethod[] = "/tokenbroker.v1.TaskService/BatchIssueTasks";
  using Request = v1::BatchIssueTasksRequest;
  using Response = v1::BatchIssueTasksResponse;

  explicit ForwardedIssueTraffic(uint64_t count) : count_(count) { tokens.Resize(count); }

  bool Fill(Request& request) {
    request.clear_items();
    for (int i = 0; i < kBatchItems && next_ < count_; ++i) {
      v1::IssueTaskRequest& item = *request.add_items();
      FillIssue(item);
      item.set_upstream_token(UpstreamToken(next_++));
    }
    return request.items_size() > 0;
  }
  size_t Take(const Request& request, const Response& response, const grpc::Status& status) {
    if (!status.ok() || response.items_size() != request.items_size()) return 0;
    for (int i = 0; i < response.items_size(); ++i) {
      const uint64_t number = *NumberOf(request.items(i).upstream_token());
      if (!response.items(i).has_issued() || !tokens.Put(number, response.items(i).issued().token())) return 0;
    }
    return response.items_size();
  }

  TokenPool tokens;

 private:
  const uint64_t count_;
  uint64_t next_ = 0;
};

// Settles the tasks with the numbers from `first` to before `last`, in order, and notes when each was answered.
class ForwardedSettleTraffic {
 public:
  static constexpr char kMethod[] = "/tokenbroker.v1.ResolverService/Succeed";
  struct Request {
    v1::SucceedRequest message;
    uint64_t number = 0;
  };
  using Response = v1::SucceedResponse;
  using Time = std::chrono::steady_clock;

  ForwardedSettleTraffic(const TokenPool& tokens, uint64_t first, uint64_t last)
      : tokens_(tokens), first_(first), last_(last), next_(first), answered_at_(last - first) {}

  bool Fill(Request& request) {
    if (next_ == last_) return false;
    request.number = next_++;
    FillSucceed(tokens_.At(request.number), request.message);
    return true;
  }
  size_t Take(const Request& request, const Response& response, const grpc::Status& status) {
    if (!status.ok() || response.verdict() != v1::VERDICT_ACCEPTED) return 0;
    answered_at_[request.number - first_] = Time::now();
    return 1;
  }

  // Where the next would begin: what is before was settled when the load has ended.
  uint64_t next() const { return next_; }
  Time::time_point AnsweredAt(uint64_t number) const { return answered_at_[number - first_]; }

 private:
  const TokenPool& tokens_;
  const uint64_t first_;
  const uint64_t last_;
  uint64_t next_;
  std::vector<Time::time_point> answered_at_;
};

// The same without notes, a hundred a call.
class ForwardedBatchSettleTraffic {
 public:
  static constexpr char kMethod[] = "/tokenbroker.v1.ResolverService/BatchSettle";
  using Request = v1::BatchSettleRequest;
  using Response = v1::BatchSettleResponse;

  ForwardedBatchSettleTraffic(const TokenPool& tokens, uint64_t first, uint64_t last)
      : tokens_(tokens), next_(first), last_(last) {}

  bool Fill(Request& request) {
    request.clear_items();
    for (int i = 0; i < kBatchItems && next_ < last_; ++i) {
      FillSucceed(tokens_.At(next_++), *request.add_items()->mutable_succeed());
    }
    return request.items_size() > 0;
  }
  size_t Take(const Request& request, const Response& response, const grpc::Status& status) {
    if (!status.ok() || response.items_size() != request.items_size()) return 0;
    for (const auto& item : response.items()) {
      if (item.verdict() != v1::VERDICT_ACCEPTED) return 0;
    }
    return response.items_size();
  }

 private:
  const TokenPool& tokens_;
  uint64_t next_;
  const uint64_t last_;
};

}  // namespace tokenbroker::benchmarks
