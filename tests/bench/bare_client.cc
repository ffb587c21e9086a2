#include "tests/bench/bare_client.h"

#include <sys/prctl.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "server/outbound/curl_client.h"
#include "tests/bench/sample.h"
#include "tests/bench/step_functions_stub.h"

namespace tokenbroker::benchmarks {
namespace {

using Time = std::chrono::steady_clock;

constexpr auto kSpurt = std::chrono::microseconds(100);

std::string JsonText(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

class BareClient {
 public:
  explicit BareClient(const std::string& url) : url_(url) {
    auto started = outbound::CurlClient::Start({});
    if (!started.ok()) throw std::runtime_error(std::string(started.status().message()));
    http_ = std::move(*started);
  }
  ~BareClient() {
    again_ = false;
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return under_way_ == 0; });
  }

  // Each answer is followed by another call, on the client's own thread.
  void KeepUnderWay(int count) {
    again_ = true;
    for (int i = 0; i < count; ++i) Send();
  }

  void Send() {
    ++under_way_;
    const Time::time_point begun = Time::now();
    http_->Send({.url = url_, .headers = headers_, .body = Body(next_++ % kBareTasks)},
                [this, begun](const outbound::HttpResult& result) { End(begun, result); });
  }

  // Counts from now on.
  void Begin() {
    const std::lock_guard<std::mutex> lock(mutex_);
    result_ = {};
    begin_ = Time::now();
  }
  BareResult Finish() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!wrong_.empty()) throw std::runtime_error("the bare client: " + wrong_);
    result_.rate = static_cast<double>(result_.latency.count()) / Seconds(Time::now() - begin_).count();
    return result_;
  }

 private:
  static std::string Body(uint64_t number) {
    return "{\"taskToken\":\"" + UpstreamToken(number) + "\",\"output\":" + JsonText(kOutput) + "}";
  }

  void End(Time::time_point begun, const outbound::HttpResult& result) {
    if (again_) Send();
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!result.answered()) wrong_ = result.message;
    if (result.answered() && result.response.status != 200) wrong_ = "status " + std::to_string(result.response.status);
    result_.latency.Add(std::chrono::nanoseconds(Time::now() - begun).count());
    if (--under_way_ == 0) changed_.notify_one();
  }

  const std::string url_;
  const outbound::HttpHeaders headers_ = {{"Content-Type", "application/x-amz-json-1.0"},
                                          {"X-Amz-Target", "AWSStepFunctions.SendTaskSuccess"}};
  std::atomic<uint64_t> next_{0};
  std::atomic<int> under_way_{0};
  std::atomic<bool> again_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string wrong_;  // guarded by mutex_, as all below
  Time::time_point begin_;
  BareResult result_;
  std::unique_ptr<outbound::CurlClient> http_;
};

}  // namespace

BareResult SendBare(const std::string& url, int under_way, Seconds warm_up, Seconds run) {
  BareClient client(url);
  client.KeepUnderWay(under_way);
  std::this_thread::sleep_for(warm_up);
  client.Begin();
  std::this_thread::sleep_for(run);
  return client.Finish();
}

BareResult SendBareAtRate(const std::string& url, double per_second, Seconds warm_up, Seconds run) {
  BareClient client(url);
  prctl(PR_SET_TIMERSLACK, 1000);
  const auto step = std::chrono::duration_cast<Time::duration>(Seconds(1 / per_second));
  const auto measured_from = Time::now() + std::chrono::duration_cast<Time::duration>(warm_up);
  const auto end = measured_from + std::chrono::duration_cast<Time::duration>(run);
  bool measuring = false;
  for (Time::time_point due = Time::now(); due < end;) {
    if (!measuring && due >= measured_from) {
      client.Begin();
      measuring = true;
    }
    for (const auto now = Time::now(); due <= now; due += step) client.Send();
    std::this_thread::sleep_for(kSpurt);
  }
  return client.Finish();
}

}  // namespace tokenbroker::benchmarks
