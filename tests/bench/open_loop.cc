#include "tests/bench/open_loop.h"

#include <sys/prctl.h>
#include <time.h>

#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "tests/bench/requests.h"
#include "tests/bench/stubs.h"

namespace tokenbroker::benchmarks {
namespace {

using Time = std::chrono::steady_clock;

// Calls are made in spurts this far apart: waking for each would cost the server its processor.
constexpr auto kSpurt = std::chrono::microseconds(100);
// More than this under way means that the server is lost; further calls count as wrong.
constexpr size_t kMostUnderWay = 50'000;

struct Call {
  std::optional<grpc::ClientContext> context;
  v1::IssueTaskRequest request;
  v1::IssueTaskResponse response;
  grpc::Status status;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v1::IssueTaskResponse>> reader;
  Time::time_point due;
  bool measured = false;
};

class OpenLoop {
 public:
  OpenLoop(const std::string& target, int channels) {
    for (int i = 0; i < channels; ++i) stubs_.emplace_back(target);
  }

  OpenLoopResult Run(double per_second, Seconds warm_up, Seconds run) {
    std::thread receiver([this] { Receive(); });
    Send(per_second, warm_up, run);
    while (under_way() > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    queue_.Shutdown();
    receiver.join();
    return result_;
  }

 private:
  void Send(double per_second, Seconds warm_up, Seconds run) {
    prctl(PR_SET_TIMERSLACK, 1000);  // nanoseconds; the default delays each spurt by half its length
    const auto step = std::chrono::duration_cast<Time::duration>(Seconds(1 / per_second));
    const Time::time_point begin = Time::now() + kSpurt;
    const auto measured_from = begin + std::chrono::duration_cast<Time::duration>(warm_up);
    const auto end = measured_from + std::chrono::duration_cast<Time::duration>(run);
    Time::time_point due = begin;
    while (due < end) {
      for (const Time::time_point now = Time::now(); due <= now && due < end; due += step)
        Start(due, due >= measured_from);
      std::this_thread::sleep_for(kSpurt);
    }
  }

  void Start(Time::time_point due, bool measured) {
    Call* call = Take();
    if (call == nullptr) return;
    call->due = due;
    call->measured = measured;
    FillIssue(call->request);
    call->context.emplace();
    Stubs& stubs = stubs_[next_++ % stubs_.size()];
    call->reader = stubs.tasks->AsyncIssueTask(&*call->context, call->request, &queue_);
    call->reader->Finish(&call->response, &call->status, call);
  }

  void Receive() {
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
      Call* call = static_cast<Call*>(tag);
      const auto took = Time::now() - call->due;
      std::lock_guard<std::mutex> lock(mutex_);
      if (!call->status.ok()) ++result_.wrong;
      if (call->measured) result_.latency.Add(std::chrono::nanoseconds(took).count());
      idle_.push_back(call);
    }
  }

  Call* Take() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (idle_.empty() && calls_.size() == kMostUnderWay) {
      ++result_.wrong;
      return nullptr;
    }
    if (idle_.empty()) return &calls_.emplace_back();
    Call* call = idle_.back();
    idle_.pop_back();
    return call;
  }

  size_t under_way() {
    std::lock_guard<std::mutex> lock(mutex_);
    return calls_.size() - idle_.size();
  }

  grpc::CompletionQueue queue_;
  std::vector<Stubs> stubs_;
  size_t next_ = 0;
  std::mutex mutex_;
  std::deque<Call> calls_;   // guarded by mutex_; their places stay the same
  std::vector<Call*> idle_;  // guarded by mutex_
  OpenLoopResult result_;    // guarded by mutex_
};

}  // namespace

OpenLoopResult IssueAtRate(const std::string& target, int channels, double per_second, Seconds warm_up, Seconds run) {
  return OpenLoop(target, channels).Run(per_second, warm_up, run);
}

}  // namespace tokenbroker::benchmarks
