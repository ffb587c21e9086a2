#include "tests/bench/requests.h"

#include <atomic>
#include <string>

#include "tests/bench/sample.h"

namespace tokenbroker::benchmarks {
namespace {

constexpr int64_t kTimeoutMs = 3'600'000;

}  // namespace

uint64_t NextRequestNumber() {
  static std::atomic<uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

void FillIssue(v1::IssueTaskRequest& request) {
  request.set_namespace_(std::string(kNamespace));
  request.set_request_id(RequestId(NextRequestNumber()));
  request.set_input(SampleInput());
  SetTimeout(kTimeoutMs, request);
}

void SetTimeout(int64_t milliseconds, v1::IssueTaskRequest& request) {
  request.mutable_timeout()->set_seconds(milliseconds / 1000);
  request.mutable_timeout()->set_nanos(static_cast<int32_t>(milliseconds % 1000 * 1'000'000));
}

void FillSucceed(std::string_view token, v1::SucceedRequest& request) {
  request.mutable_task()->mutable_token()->assign(token);
  request.set_output(std::string(kOutput));
}

}  // namespace tokenbroker::benchmarks
