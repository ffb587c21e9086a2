// H4: memory of a long poll, with many open at once; every one of them gets its answer in the end.
#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <vector>

#include "tests/bench/bench.h"
#include "tests/bench/http_connection.h"
#include "tests/bench/load.h"
#include "tests/bench/machine.h"
#include "tests/bench/stubs.h"
#include "tests/bench/traffic.h"

namespace tokenbroker::benchmarks {
namespace {

constexpr int kPolls = 15'000;
constexpr double kMostBytes = 4096;

// As many as the machine lets a process have, at most kPolls.
int Polls() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<int>(std::min<rlim_t>(kPolls, limit.rlim_max - 500));
}

TokenPool Issue(const FreshBroker& broker, uint64_t count) {
  BatchIssueTraffic issue(count);
  LoadShape shape{1, 4, Seconds(0), Seconds(60)};
  shape.quiet = true;
  RunLoad("issuing", issue, broker.target(), broker.server.process(), shape);
  return std::move(issue.tokens);
}

class Crowd {
 public:
  Crowd(int port, const TokenPool& tokens) : port_(port), tokens_(tokens) {}

  void Open(size_t count) {
    while (polls_.size() < count) {
      polls_.push_back(std::make_unique<HttpConnection>(port_));
      const std::string token(tokens_.At(polls_.size() - 1));
      polls_.back()->Send("GET /v1/tokens/" + token + ":await?wait=600s HTTP/1.1\r\nHost: 127.0.0.1:8433\r\n\r\n");
    }
  }
  // Throws unless every poll is answered with an outcome.
  void ReadAnswers() {
    for (const auto& poll : polls_) {
      HttpConnection::Answer answer;
      while (!poll->Take(answer)) poll->WaitAndReceive();
      if (answer.status != 200 || answer.body.find("SUCCEEDED") == std::string_view::npos) {
        throw std::runtime_error("a long poll was answered " + std::string(answer.body));
      }
    }
  }

 private:
  const int port_;
  const TokenPool& tokens_;
  std::vector<std::unique_ptr<HttpConnection>> polls_;
};

void Settle(const FreshBroker& broker, TokenPool& tokens) {
  Stubs stubs(broker.target());
  while (true) {
    v1::BatchSettleRequest request;
    for (std::string_view token; request.items_size() < kBatchItems && !(token = tokens.Next()).empty();) {
      FillSucceed(token, *request.add_items()->mutable_succeed());
    }
    if (request.items_size() == 0) return;
    v1::BatchSettleResponse response;
    grpc::ClientContext context;
    const grpc::Status status = stubs.resolver->BatchSettle(&context, request, &response);
    if (!status.ok()) throw std::runtime_error("settling: " + status.error_message());
  }
}

}  // namespace

void MeasureLongPolls(Bench& bench) {
  const int polls = Polls();
  FreshBroker broker(bench.options);
  TokenPool tokens = Issue(broker, polls);
  Crowd crowd(broker.server.http_port(), tokens);
  // Buffers and pools get their size first.
  const int first = polls / 10;
  crowd.Open(first);
  broker.server.WaitUntilQuiet();
  const double before = ResidentBytes(broker.server.process());
  crowd.Open(polls);
  broker.server.WaitUntilQuiet();
  const double after = ResidentBytes(broker.server.process());
  Settle(broker, tokens);
  crowd.ReadAnswers();
  bench.report.Note(std::to_string(polls) + " long polls were open at once, and all were answered");
  bench.report.Add({"H4",
                    "memory per long poll",
                    (after - before) / (polls - first),
                    "bytes",
                    {},
                    "",
                    Must::kStayBelow,
                    kMostBytes});
}

}  // namespace tokenbroker::benchmarks
