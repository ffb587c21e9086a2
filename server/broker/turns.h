// Jobs of several parties on one executor, in turns: who hands over a thousand waits for a thousand, and nobody else
// does.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/executor.h"

namespace tokenbroker::broker {

// Thread-safe. The executor must have run all jobs before this is destroyed.
class Turns {
 public:
  using Job = std::function<void()>;

  explicit Turns(Executor& executor) : executor_(executor) {}

  // Behind the jobs of the same party, and behind one of each other party at most.
  void Run(uint32_t party, Job job) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      std::deque<Job>& jobs = jobs_[party];
      if (jobs.empty()) line_.push_back(party);
      jobs.push_back(std::move(job));
    }
    executor_.Run([this] { Next()(); });
  }

 private:
  // As often called as there are jobs.
  Job Next() {
    std::lock_guard<std::mutex> lock(mutex_);
    const uint32_t party = line_.front();
    line_.pop_front();
    const auto found = jobs_.find(party);
    Job job = std::move(found->second.front());
    found->second.pop_front();
    found->second.empty() ? static_cast<void>(jobs_.erase(found)) : line_.push_back(party);
    return job;
  }

  Executor& executor_;
  std::mutex mutex_;
  std::unordered_map<uint32_t, std::deque<Job>> jobs_;  // guarded by mutex_; of each party at least one
  std::deque<uint32_t> line_;                           // guarded by mutex_; who has jobs, once each
};

}  // namespace tokenbroker::broker
