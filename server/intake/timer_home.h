// The thread of timers as a home for calls.
#pragma once

#include "base/home.h"
#include "server/outbound/timers.h"

namespace tokenbroker::intake {

// Thread-safe. Must outlive every call that lives here, and the timers' jobs.
class TimerHome : public Home {
 public:
  explicit TimerHome(outbound::Timers& timers) : timers_(timers) {}

  // What is done elsewhere, or further up on this thread's stack, comes back as a job of its own.
  bool Here() const override { return false; }
  void Post(Visit& visit) override {
    visits_.Push(visit);
    timers_.After(0, [this] { visits_.ResumeAll(); });
  }

 private:
  outbound::Timers& timers_;
  VisitList visits_;
};

}  // namespace tokenbroker::intake
