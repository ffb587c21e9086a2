// The target of those who only await or watch: takes everything.
#pragma once

#include <utility>

#include "server/forward/outcome_target.h"

namespace tokenbroker::forward {

class NoneTarget : public OutcomeTarget {
 public:
  void Deliver(Delivery delivery, Done done) override { done({.kind = Answer::Kind::kAccepted, .code = "None"}); }
  int max_under_way() const override { return 1024; }
};

}  // namespace tokenbroker::forward
