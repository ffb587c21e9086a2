// Calls at a fixed rate, whether or not earlier ones were answered. Latency counts from when a call should have begun,
// so that a server that falls behind is not forgiven for the calls that it kept from being made.
//
// A Traffic is as load.h has it, but for its threads: Fill and Start run on one, Take on another.
#pragma once

#include <sys/prctl.h>

#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/latency.h"
#include "tests/bench/machine.h"
#include "tests/bench/options.h"
#include "tests/bench/stubs.h"

namespace tokenbroker::benchmarks {

struct OpenLoopShape {
  int channels = 1;
  double per_second = 1;
  Seconds warm_up{1};
  Seconds run{3};
};

struct OpenLoopResult {
  // Of calls that were due while measuring.
  Latency latency;
  uint64_t wrong = 0;
  // Right answers, of calls that were due and answered while measuring, a second.
  double rate = 0;
};

template <typename Traffic>
class OpenLoop {
 public:
  OpenLoop(Traffic& traffic, const std::string& target, const OpenLoopShape& shape) : traffic_(traffic), shape_(shape) {
    for (int i = 0; i < shape.channels; ++i) stubs_.emplace_back(target);
  }

  OpenLoopResult Run() {
    const OneProcessor pinned;
    begin_ = Time::now() + kSpurt;
    measured_from_ = begin_ + std::chrono::duration_cast<Time::duration>(shape_.warm_up);
    end_ = measured_from_ + std::chrono::duration_cast<Time::duration>(shape_.run);
    std::thread receiver([this] { Receive(); });
    Send();
    while (under_way() > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    queue_.Shutdown();
    receiver.join();
    result_.rate = static_cast<double>(answered_) / shape_.run.count();
    return result_;
  }

 private:
  using Time = std::chrono::steady_clock;

  // Calls are made in spurts this far apart: waking for each would cost the server its processor.
  static constexpr auto kSpurt = std::chrono::microseconds(100);
  // More than this under way means that the server is lost; further calls count as wrong.
  static constexpr size_t kMostUnderWay = 50'000;

  struct Call {
    std::optional<grpc::ClientContext> context;
    typename Traffic::Request request;
    typename Traffic::Response response;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<typename Traffic::Response>> reader;
    Time::time_point due;
  };

  void Send() {
    prctl(PR_SET_TIMERSLACK, 1000);  // nanoseconds; the default delays each spurt by half its length
    const auto step = std::chrono::duration_cast<Time::duration>(Seconds(1 / shape_.per_second));
    Time::time_point due = begin_;
    while (due < end_) {
      for (const Time::time_point now = Time::now(); due <= now && due < end_; due += step) {
        if (!Start(due)) return;
      }
      std::this_thread::sleep_for(kSpurt);
    }
  }

  // False if there is nothing left to ask.
  bool Start(Time::time_point due) {
    Call* call = Take();
    if (call == nullptr) return true;
    if (!traffic_.Fill(call->request)) {
      GiveBack(call);
      return false;
    }
    call->due = due;
    call->context.emplace();
    Stubs& stubs = stubs_[next_++ % stubs_.size()];
    call->reader = traffic_.Start(stubs, &*call->context, call->request, &queue_);
    call->reader->Finish(&call->response, &call->status, call);
    return true;
  }

  void Receive() {
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
      Call* call = static_cast<Call*>(tag);
      const Time::time_point now = Time::now();
      const bool right = traffic_.Take(call->request, call->response, call->status) > 0;
      std::lock_guard<std::mutex> lock(mutex_);
      if (!right) ++result_.wrong;
      if (right && call->due >= measured_from_ && now < end_) ++answered_;
      if (call->due >= measured_from_) result_.latency.Add(std::chrono::nanoseconds(now - call->due).count());
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

  void GiveBack(Call* call) {
    std::lock_guard<std::mutex> lock(mutex_);
    idle_.push_back(call);
  }

  size_t under_way() {
    std::lock_guard<std::mutex> lock(mutex_);
    return calls_.size() - idle_.size();
  }

  Traffic& traffic_;
  const OpenLoopShape shape_;
  Time::time_point begin_;
  Time::time_point measured_from_;
  Time::time_point end_;
  grpc::CompletionQueue queue_;
  std::vector<Stubs> stubs_;
  size_t next_ = 0;
  uint64_t answered_ = 0;  // the receiver's own
  std::mutex mutex_;
  std::deque<Call> calls_;   // guarded by mutex_; their places stay the same
  std::vector<Call*> idle_;  // guarded by mutex_
  OpenLoopResult result_;    // guarded by mutex_
};

template <typename Traffic>
OpenLoopResult RunAtRate(Traffic& traffic, const std::string& target, const OpenLoopShape& shape) {
  return OpenLoop<Traffic>(traffic, target, shape).Run();
}

}  // namespace tokenbroker::benchmarks
