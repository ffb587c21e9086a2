// A broker with millions of waiting tasks.
#pragma once

#include <memory>

#include "tests/bench/bench.h"

namespace tokenbroker::benchmarks {

class WaitingBroker {
 public:
  // Starts it and loads the tasks.
  explicit WaitingBroker(const Options& options);

  const BrokerServer& server() const { return *server_; }

  // Memory that each waiting task took: the slope of the memory over the number of tasks, by least squares. Before the
  // loading, many tasks are issued and resolved, so that buffers and caches have their size already; least squares,
  // because they swell and shrink meanwhile.
  double bytes_per_task() const { return bytes_per_task_; }
  // CPU time per second while nothing is asked of it.
  double MeasureIdle(Seconds time) const;
  // Ends it with the signal, starts it again, and returns how long it took until a task was accepted.
  double Restart(int signal);

 private:
  void WarmUp();
  void Load(uint64_t count);

  const Options& options_;
  testing::TempFolder folder_;
  std::unique_ptr<BrokerServer> server_;
  double bytes_per_task_ = 0;
};

}  // namespace tokenbroker::benchmarks
