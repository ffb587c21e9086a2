// The kinds of calls (load.h says what a Traffic is).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "grpcpp/support/status.h"
#include "tests/bench/batches.h"
#include "tests/bench/requests.h"
#include "tests/bench/token_pool.h"

namespace tokenbroker::benchmarks {

inline constexpr int kBatchItems = 100;

// What gRPC alone costs: the issue call's messages, parsed and serialized, and nothing done in between.
struct NullTraffic {
  static constexpr char kMethod[] = "/tokenbroker.bench.v1.BenchService/Null";
  using Request = v1::IssueTaskRequest;
  using Response = v1::IssueTaskResponse;

  bool Fill(Request& request) {
    FillIssue(request);
    return true;
  }
  size_t Take(const Request&, const Response&, const grpc::Status& status) { return status.ok() ? 1 : 0; }
};

// Issues tasks and keeps their tokens.
struct IssueTraffic {
  static constexpr char kMethod[] = "/tokenbroker.v1.TaskService/IssueTask";
  using Request = v1::IssueTaskRequest;
  using Response = v1::IssueTaskResponse;

  bool Fill(Request& request) {
    FillIssue(request);
    return true;
  }
  size_t Take(const Request&, const Response& response, const grpc::Status& status) {
    return status.ok() && !response.replayed() && tokens.Add(response.token()) ? 1 : 0;
  }

  TokenPool tokens;
};

// Issues so many tasks at most, a hundred a call, and keeps their tokens.
class BatchIssueTraffic {
 public:
  static constexpr char kMethod[] = "/tokenbroker.v1.TaskService/BatchIssueTasks";
  using Request = PatchedMessage;
  using Response = std::string_view;

  // `adapt` may change each item's request.
  explicit BatchIssueTraffic(uint64_t count = UINT64_MAX, std::function<void(v1::IssueTaskRequest&)> adapt = nullptr)
      : left_(count), adapt_(std::move(adapt)) {}

  bool Fill(Request& request);
  size_t Take(const Request& request, std::string_view response, const grpc::Status& status);

  TokenPool tokens;
  bool keep_tokens = true;

 private:
  uint64_t left_;
  std::function<void(v1::IssueTaskRequest&)> adapt_;
};

// Whose token comes next in a stream of outcomes: of a hundred, one is forged and one is an outcome sent before.
class SettleOrder {
 public:
  explicit SettleOrder(TokenPool& tokens) : tokens_(tokens) {}

  enum class Expect : uint8_t { kAccepted, kReplayed, kUnknown };
  // False if the tokens are used up.
  bool Next(std::string& token, Expect& expect);

 private:
  TokenPool& tokens_;
  uint64_t number_ = 0;
  std::deque<std::string> before_;
};

// Resolves each token of the pool.
class SucceedTraffic {
 public:
  static constexpr char kMethod[] = "/tokenbroker.v1.ResolverService/Succeed";
  using Request = v1::SucceedRequest;
  using Response = v1::SucceedResponse;

  explicit SucceedTraffic(TokenPool& tokens) : order_(tokens) {}

  bool Fill(Request& request);
  size_t Take(const Request&, const Response& response, const grpc::Status& status);

 private:
  SettleOrder order_;
  std::string token_;
  // By the request's place, which stays the same.
  std::unordered_map<const Request*, SettleOrder::Expect> expected_;
};

class BatchSettleTraffic {
 public:
  static constexpr char kMethod[] = "/tokenbroker.v1.ResolverService/BatchSettle";
  using Request = PatchedMessage;
  using Response = std::string_view;

  explicit BatchSettleTraffic(TokenPool& tokens) : order_(tokens), tokens_(kBatchItems) {}

  bool Fill(Request& request);
  size_t Take(const Request& request, std::string_view response, const grpc::Status& status);

 private:
  SettleOrder order_;
  std::vector<std::string> tokens_;  // of one batch
};

// Beats for the pool's tasks, round and round.
struct HeartbeatTraffic {
  static constexpr char kMethod[] = "/tokenbroker.v1.ResolverService/Heartbeat";
  using Request = v1::HeartbeatRequest;
  using Response = v1::HeartbeatResponse;

  explicit HeartbeatTraffic(const TokenPool& tokens) : tokens(tokens) {}

  bool Fill(Request& request) {
    request.mutable_task()->mutable_token()->assign(tokens.At(next++ % tokens.size()));
    return true;
  }
  size_t Take(const Request&, const Response& response, const grpc::Status& status) {
    return status.ok() && response.has_next_due() ? 1 : 0;
  }

  const TokenPool& tokens;
  size_t next = 0;
};

}  // namespace tokenbroker::benchmarks
