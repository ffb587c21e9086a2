// The thread that a connection lives on, as a place to run things.
#pragma once

#include "base/executor.h"

namespace tokenbroker::http {

// Run: on that thread, in the order handed over, after what is running there now. Jobs of a server that has been shut
// down do not run.
class Home : public Executor {
 public:
  // Whether the caller is on that thread.
  virtual bool IsHere() const = 0;
};

}  // namespace tokenbroker::http
