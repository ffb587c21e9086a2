// Watches namespace 0 through every crash, resuming behind the last change it saw, and tells the expectations.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "tests/crash/expectations.h"
#include "tests/testing/broker_client.h"

namespace tokenbroker::testing {

class Watcher {
 public:
  Watcher(Expectations& expectations, Violations& violations) : expectations_(expectations), violations_(violations) {}
  ~Watcher() { Stop(); }

  // From now on at this broker; the first time from its present end.
  void Resume(const std::string& address);
  void Stop();
  // Issues a task and waits until the watch shows it. False if it does not in `limit`.
  bool CatchUp(const BrokerClient& client, DurationMs limit);

 private:
  void Run();
  bool Note(const v1::WatchTasksResponse& change);

  Expectations& expectations_;
  Violations& violations_;
  std::unique_ptr<BrokerClient> client_;
  std::thread thread_;
  std::string cursor_;
  std::mutex mutex_;
  std::condition_variable seen_;
  std::unique_ptr<grpc::ClientContext> context_;  // guarded by mutex_
  std::string last_id_;                           // guarded by mutex_: the newest task whose issue was shown
  std::atomic<bool> stopping_{false};
};

}  // namespace tokenbroker::testing
