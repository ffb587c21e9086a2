// Closed loops of asynchronous calls: as many as the shape says are always under way.
//
// A Traffic is one kind of call, used by one thread:
//   kMethod                     its full name: /package.Service/Method
//   Request, Response           messages, which the loop reuses; a Request may also be anything with a MessageOf, and a
//                               Response the std::string_view of a message's bytes
//   bool Fill(Request&)         makes the next request; false: there is nothing left to ask, the loop ends
//   size_t Take(request, response, status)  how many items were answered as they should be; 0: wrong answer
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/bench/connections.h"
#include "tests/bench/latency.h"
#include "tests/bench/options.h"

namespace tokenbroker::benchmarks {

struct LoadShape {
  int channels = 1;
  int outstanding = 1;  // per channel
  Seconds warm_up{1};
  Seconds run{3};
  bool quiet = false;  // print nothing
};

struct LoadResult {
  double seconds = 0;
  uint64_t items = 0;
  uint64_t wrong = 0;
  double server_cpu_seconds = 0;
  // The share of the machine's time that others had.
  double stolen = 0;
  Latency latency;

  double rate() const { return seconds > 0 ? static_cast<double>(items) / seconds : 0; }
  double cpu_us_per_item() const { return items > 0 ? server_cpu_seconds * 1e6 / static_cast<double>(items) : 0; }

  void Merge(const LoadResult& other);
};

void PrintLoad(const std::string& what, const LoadResult& result);

// What a loop tells the thread that watches it.
struct Progress {
  std::atomic<uint64_t> items{0};
  std::atomic<uint64_t> wrong{0};
  std::atomic<bool> measuring{false};
  std::atomic<bool> stop{false};
  std::atomic<bool> ended{false};
  // What the first wrong answer was.
  std::string first_wrong;
  // Of calls that ended while measuring.
  Latency latency;
};

// Runs `loop` on a thread of its own for the shape's time, or until it ends by itself, and measures in between. Throws
// if more than one answer in a thousand was wrong, or what the loop throws.
LoadResult Watch(const std::string& what, const LoadShape& shape, pid_t server,
                 const std::function<void(Progress&)>& loop);

template <typename Traffic>
class ClosedLoop {
 public:
  ClosedLoop(Traffic& traffic, const std::string& target, const LoadShape& shape)
      : traffic_(traffic), calls_(static_cast<size_t>(shape.channels) * shape.outstanding) {
    for (int i = 0; i < shape.channels; ++i) {
      connections_.Add(target, [this](GrpcCall& call) { Finish(static_cast<Call&>(call)); });
    }
    for (size_t i = 0; i < calls_.size(); ++i) calls_[i].connection = &connections_.At(i);
  }

  void Run(Progress& progress) {
    progress_ = &progress;
    for (Call& call : calls_) Start(call);
    while (under_way_ > 0) connections_.Exchange(kNoLimit);
  }

 private:
  using Time = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kNoLimit{3600};

  struct Call : GrpcCall {
    GrpcConnection* connection = nullptr;
    typename Traffic::Request content;
    Time::time_point started;
  };

  void Start(Call& call) {
    if (!traffic_.Fill(call.content)) return;
    call.SetRequest(MessageOf(call.content));
    call.started = Time::now();
    call.connection->Start(Traffic::kMethod, call);
    ++under_way_;
  }

  void Finish(Call& call) {
    --under_way_;
    const grpc::Status status = call.GetResponse(response_);
    const size_t items = traffic_.Take(call.content, response_, status);
    if (items == 0) {
      if (progress_->wrong.fetch_add(1) == 0) progress_->first_wrong = status.error_message();
    }
    progress_->items.fetch_add(items, std::memory_order_relaxed);
    if (progress_->measuring.load(std::memory_order_relaxed)) {
      progress_->latency.Add((Time::now() - call.started).count());
    }
    if (!progress_->stop.load(std::memory_order_relaxed)) Start(call);
  }

  Traffic& traffic_;
  Progress* progress_ = nullptr;
  typename Traffic::Response response_;
  std::vector<Call> calls_;
  Connections connections_;
  size_t under_way_ = 0;
};

// The one way to make load: a closed loop of the traffic against the server.
template <typename Traffic>
LoadResult RunLoad(const std::string& what, Traffic& traffic, const std::string& target, pid_t server,
                   const LoadShape& shape) {
  ClosedLoop<Traffic> loop(traffic, target, shape);
  return Watch(what, shape, server, [&loop](Progress& progress) { loop.Run(progress); });
}

}  // namespace tokenbroker::benchmarks
