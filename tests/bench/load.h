// Closed loops of asynchronous calls: as many as the shape says are always under way.
//
// A Traffic is one kind of call, used by one thread:
//   Request, Response           messages; the loop reuses them
//   bool Fill(Request&)         makes the next request; false: there is nothing left to ask, the loop ends
//   Start(stubs, context, request, queue)   starts the call
//   size_t Take(request, response, status)  how many items were answered as they should be; 0: wrong answer
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "grpcpp/grpcpp.h"
#include "tests/bench/latency.h"
#include "tests/bench/options.h"
#include "tests/bench/stubs.h"

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
// if more than one answer in a thousand was wrong.
LoadResult Watch(const std::string& what, const LoadShape& shape, pid_t server,
                 const std::function<void(Progress&)>& loop);

template <typename Traffic>
class ClosedLoop {
 public:
  ClosedLoop(Traffic& traffic, const std::string& target, const LoadShape& shape) : traffic_(traffic) {
    for (int i = 0; i < shape.channels; ++i) stubs_.emplace_back(target);
    calls_ = std::vector<Call>(static_cast<size_t>(shape.channels) * shape.outstanding);
    for (size_t i = 0; i < calls_.size(); ++i) calls_[i].stubs = &stubs_[i % stubs_.size()];
  }

  void Run(Progress& progress) {
    for (Call& call : calls_) Start(call);
    void* tag = nullptr;
    bool ok = false;
    while (under_way_ > 0 && queue_.Next(&tag, &ok)) {
      Call& call = *static_cast<Call*>(tag);
      --under_way_;
      Finish(call, progress);
      if (!progress.stop.load(std::memory_order_relaxed)) Start(call);
    }
    queue_.Shutdown();
    while (queue_.Next(&tag, &ok)) {
    }
  }

 private:
  using Time = std::chrono::steady_clock;

  struct Call {
    Stubs* stubs = nullptr;
    std::optional<grpc::ClientContext> context;
    typename Traffic::Request request;
    typename Traffic::Response response;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<typename Traffic::Response>> reader;
    Time::time_point started;
  };

  void Start(Call& call) {
    if (!traffic_.Fill(call.request)) return;
    call.context.emplace();
    call.started = Time::now();
    call.reader = traffic_.Start(*call.stubs, &*call.context, call.request, &queue_);
    call.reader->Finish(&call.response, &call.status, &call);
    ++under_way_;
  }

  void Finish(Call& call, Progress& progress) {
    const size_t items = traffic_.Take(call.request, call.response, call.status);
    if (items == 0) {
      if (progress.wrong.fetch_add(1) == 0) progress.first_wrong = call.status.error_message();
    }
    progress.items.fetch_add(items, std::memory_order_relaxed);
    if (progress.measuring.load(std::memory_order_relaxed)) progress.latency.Add((Time::now() - call.started).count());
  }

  Traffic& traffic_;
  grpc::CompletionQueue queue_;
  std::vector<Stubs> stubs_;
  std::vector<Call> calls_;
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
