// Somewhere to run what may block.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/thread.h"

namespace tokenbroker {

// Thread-safe.
class Executor {
 public:
  virtual ~Executor() = default;
  // Runs the job, now or later, on any thread.
  virtual void Run(std::function<void()> job) = 0;
};

// Runs jobs when asked to, on the asking thread, in order: for tests and the simulation.
class ManualExecutor : public Executor {
 public:
  void Run(std::function<void()> job) override { jobs_.push_back(std::move(job)); }
  // True if there was one.
  bool RunOne() {
    if (jobs_.empty()) return false;
    std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    job();
    return true;
  }

 private:
  std::deque<std::function<void()>> jobs_;
};

// A fixed number of threads. The queue has no bound of its own: who hands jobs over sees to it that there are not too
// many.
class ThreadPool : public Executor {
 public:
  // `name`: the threads', as NameThisThread takes it; a literal.
  explicit ThreadPool(int threads, const char* name = "pool") {
    for (int i = 0; i < threads; ++i) {
      threads_.emplace_back([this, name] {
        NameThisThread(name);
        Work();
      });
    }
  }
  // Runs what was handed over, then ends the threads.
  ~ThreadPool() override {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void Run(std::function<void()> job) override {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
  }

 private:
  void Work() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      std::function<void()> job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      job = nullptr;
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tokenbroker
