// When a poller asks next.
#pragma once

#include <algorithm>

#include "server/intake/registrar.h"
#include "server/intake/surroundings.h"

namespace tokenbroker::intake {

class Pace {
 public:
  Pace(const Surroundings& surroundings, const Registrar& registrar)
      : surroundings_(surroundings), registrar_(registrar) {}

  void Asked() { asked_at_ = surroundings_.clock.Now(); }
  // What to wait after an answer: with something, without, and after one that is none.
  DurationMs AfterWork() {
    failures_ = 0;
    return 0;
  }
  // A service that does not hold the question back is not asked more than once a second.
  DurationMs AfterNothing() {
    failures_ = 0;
    return std::max<DurationMs>(0, asked_at_ + kLeastInterval - surroundings_.clock.Now());
  }
  DurationMs AfterFailure() { return surroundings_.WaitAfter(++failures_); }

  // How long the broker does not want to be brought more; 0: now is fine.
  DurationMs HoldBack() const { return std::max<DurationMs>(0, registrar_.closed_until() - surroundings_.clock.Now()); }

 private:
  static constexpr DurationMs kLeastInterval = 1'000;

  const Surroundings& surroundings_;
  const Registrar& registrar_;
  TimeMs asked_at_ = 0;
  int failures_ = 0;
};

}  // namespace tokenbroker::intake
