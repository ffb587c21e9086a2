// The thread that a connection lives on, as a place to run things, and as the home of calls.
#pragma once

#include "base/executor.h"
#include "base/home.h"

namespace tokenbroker::http {

// Run: on that thread, in the order handed over, after what is running there now. Jobs and visits of a server that has
// been shut down do not run.
class Home : public Executor, public tokenbroker::Home {};

}  // namespace tokenbroker::http
