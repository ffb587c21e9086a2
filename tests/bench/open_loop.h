// Calls at a fixed rate, whether or not earlier ones were answered. Latency counts from when a call should have begun,
// so that a server that falls behind is not forgiven for the calls that it kept from being made.
//
// A Traffic is as load.h has it.
#pragma once

#include <sys/prctl.h>

#include <chrono>
#include <deque>
#include <string>
#include <vector>

#include "base/thread.h"
#include "tests/bench/connections.h"
#include "tests/bench/latency.h"
#include "tests/bench/machine.h"
#include "tests/bench/options.h"

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
    for (int i = 0; i < shape.channels; ++i) {
      connections_.Add(target, [this](GrpcCall& call) { Finish(static_cast<Call&>(call)); });
    }
  }

  OpenLoopResult Run() {
    const OneProcessor pinned;
    // Callers with a machine of their own would not stand in line behind the broker's threads before they see an
    // answer.
    RunThisThreadPromptly();
    prctl(PR_SET_TIMERSLACK, 1000);  // nanoseconds; the default delays each spurt by half its length
    const Time::time_point begin = Time::now() + kSpurt;
    measured_from_ = begin + std::chrono::duration_cast<Time::duration>(shape_.warm_up);
    end_ = measured_from_ + std::chrono::duration_cast<Time::duration>(shape_.run);
    due_ = begin;
    while (due_ < end_ || under_way_ > 0) {
      StartDue();
      connections_.Exchange(kSpurt);
    }
    result_.rate = static_cast<double>(answered_) / shape_.run.count();
    return result_;
  }

 private:
  using Time = std::chrono::steady_clock;

  // Calls are made in spurts this far apart at most: waking for each would cost the server its processor.
  static constexpr auto kSpurt = std::chrono::microseconds(100);
  // More than this under way means that the server is lost; further calls count as wrong.
  static constexpr size_t kMostUnderWay = 50'000;

  struct Call : GrpcCall {
    typename Traffic::Request content;
    Time::time_point due;
  };

  void StartDue() {
    const auto step = std::chrono::duration_cast<Time::duration>(Seconds(1 / shape_.per_second));
    for (const Time::time_point now = Time::now(); due_ <= now && due_ < end_; due_ += step) {
      if (!Start(due_)) due_ = end_;
    }
  }

  // False if there is nothing left to ask.
  bool Start(Time::time_point due) {
    if (under_way_ == kMostUnderWay) {
      ++result_.wrong;
      return true;
    }
    if (idle_.empty()) idle_.push_back(&calls_.emplace_back());
    Call& call = *idle_.back();
    if (!traffic_.Fill(call.content)) return false;
    idle_.pop_back();
    call.SetRequest(MessageOf(call.content));
    call.due = due;
    connections_.At(next_++).Start(Traffic::kMethod, call);
    ++under_way_;
    return true;
  }

  void Finish(Call& call) {
    --under_way_;
    const grpc::Status status = call.GetResponse(response_);
    const Time::time_point now = Time::now();
    const bool right = traffic_.Take(call.content, response_, status) > 0;
    if (!right) ++result_.wrong;
    if (right && call.due >= measured_from_ && now < end_) ++answered_;
    if (call.due >= measured_from_) result_.latency.Add(std::chrono::nanoseconds(now - call.due).count());
    idle_.push_back(&call);
  }

  Traffic& traffic_;
  const OpenLoopShape shape_;
  Time::time_point due_;
  Time::time_point measured_from_;
  Time::time_point end_;
  typename Traffic::Response response_;
  std::deque<Call> calls_;  // their places stay the same
  std::vector<Call*> idle_;
  Connections connections_;
  size_t next_ = 0;
  size_t under_way_ = 0;
  uint64_t answered_ = 0;
  OpenLoopResult result_;
};

template <typename Traffic>
OpenLoopResult RunAtRate(Traffic& traffic, const std::string& target, const OpenLoopShape& shape) {
  return OpenLoop<Traffic>(traffic, target, shape).Run();
}

}  // namespace tokenbroker::benchmarks
