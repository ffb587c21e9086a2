// A server with a few routes, and a clock that stands still.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "server/http/deadlines.h"
#include "server/http/server.h"
#include "tests/http/raw_peer.h"

namespace tokenbroker::http {

// Any thread may look at it.
class TestClock : public Clock {
 public:
  TimeMs Now() const override { return now_.load(); }
  void Advance(DurationMs by) { now_ += by; }

 private:
  std::atomic<TimeMs> now_{1'000'000};
};

// Things that come on the server's threads, for the test to wait for.
template <typename T>
class Arrivals {
 public:
  void Add(T item) {
    const std::lock_guard<std::mutex> lock(mutex_);
    items_.push_back(std::move(item));
    some_.notify_all();
  }
  // Default-made if none comes within ten seconds.
  T Take() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!some_.wait_for(lock, std::chrono::seconds(10), [this] { return !items_.empty(); })) return T();
    T item = std::move(items_.front());
    items_.pop_front();
    return item;
  }
  bool WaitForSize(size_t size) {
    std::unique_lock<std::mutex> lock(mutex_);
    return some_.wait_for(lock, std::chrono::seconds(30), [&] { return items_.size() >= size; });
  }
  size_t size() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return items_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable some_;
  std::deque<T> items_;
};

class CountingObserver : public Observer {
 public:
  void OnAnswered(const Route* route, int status, int64_t micros) override {
    answered.Add({route == nullptr ? "" : route->name, status});
  }
  void OnHangup(Hangup why) override { hangups.Add(static_cast<int>(why)); }

  Arrivals<std::pair<std::string, int>> answered;
  Arrivals<int> hangups;
};

// Routes: GET /hello, POST /echo, /v1/things/{id} with GET, :act with POST, POST /park and GET /park, which keep the
// exchange in `parked`; POST /small, at most 8 bytes of body; GET /large, more than the machine buffers for one
// connection; GET /throw, GET /drop.
class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.clock = &clock_;
    options_.observer = &observer_;
  }
  void TearDown() override { server_.reset(); }

  // Routes that are added before are kept.
  void Start();
  RawPeer Connect(int receive_buffer = 0) { return RawPeer(server_->port(), receive_buffer); }
  // One request on a connection of its own.
  RawAnswer Ask(std::string_view request);
  void Advance(DurationMs by) {
    clock_.Advance(by);
    server_->FireDeadlines();
  }
  // Asks for what is large and takes 100 KB a second of it; false if the server ends that.
  bool TakeSlowly(RawPeer& peer);
  // Whatever the server has been sent before has been read: it answers one thread's work in order.
  void Settle();

  TestClock clock_;
  CountingObserver observer_;
  ServerOptions options_;
  Router router_;
  Arrivals<ExchangePtr> parked_;
  std::unique_ptr<Server> server_;
};

// A request with a body; `fields` are whole lines.
std::string PostTo(const std::string& path, const std::string& body, const std::string& fields = "");

inline constexpr size_t kLargeSize = 8'000'000;
inline constexpr char kGetLarge[] = "GET /large HTTP/1.1\r\nHost: x\r\n\r\n";
inline constexpr char kGet[] = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

}  // namespace tokenbroker::http
