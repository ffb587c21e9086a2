// Something that comes on another thread, for a test to wait for.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

#include "server/outbound/http_client.h"

namespace tokenbroker::outbound {

template <typename T>
class Arrivals {
 public:
  void Add(T item) {
    const std::lock_guard<std::mutex> lock(mutex_);
    items_.push_back(std::move(item));
    some_.notify_all();
  }
  // Fails the test if none comes within ten seconds.
  T Take() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!some_.wait_for(lock, std::chrono::seconds(10), [this] { return !items_.empty(); })) {
      ADD_FAILURE() << "nothing came";
      return T();
    }
    T item = std::move(items_.front());
    items_.pop_front();
    return item;
  }
  std::function<void(T)> Adder() {
    return [this](T item) { Add(std::move(item)); };
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

inline HttpResult Ask(HttpClient& client, HttpRequest request) {
  Arrivals<HttpResult> results;
  client.Send(std::move(request), results.Adder());
  return results.Take();
}

}  // namespace tokenbroker::outbound
