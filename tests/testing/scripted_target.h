// A target that answers as a test says: at once by a rule, or later by hand.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "server/forward/outcome_target.h"

namespace tokenbroker::forward {

class ScriptedTarget : public OutcomeTarget {
 public:
  // Shared with the test, which outlives the target.
  struct Script {
    // What it answers; without a rule tries wait in `under_way`.
    std::function<Answer(const Delivery&)> rule;
    int max_under_way = 10;
    // Everything it was told, in order.
    std::vector<Delivery> told;
    std::vector<std::pair<Delivery, Done>> under_way;

    void AnswerAll(const Answer& answer) {
      std::vector<std::pair<Delivery, Done>> all;
      all.swap(under_way);
      for (auto& [delivery, done] : all) done(answer);
    }
  };

  explicit ScriptedTarget(Script& script) : script_(script) {}
  ~ScriptedTarget() override { script_.under_way.clear(); }

  void Deliver(Delivery delivery, Done done) override {
    script_.told.push_back(delivery);
    if (script_.rule) return done(script_.rule(delivery));
    script_.under_way.emplace_back(std::move(delivery), std::move(done));
  }
  int max_under_way() const override { return script_.max_under_way; }

 private:
  Script& script_;
};

}  // namespace tokenbroker::forward
