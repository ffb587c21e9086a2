// A target that answers as a test says: at once by a rule, or later by hand.
#pragma once

#include <functional>
#include <string>
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

    // Of heartbeats: what is answered, or that they wait in `beats_under_way`; how many the quota lets go; the upstream
    // tokens of all, in order.
    std::function<Answer(const std::string&)> beat_rule;
    int64_t beats_available = 1'000;
    std::vector<std::string> beats;
    std::vector<Done> beats_under_way;

    void AnswerAll(const Answer& answer) {
      std::vector<std::pair<Delivery, Done>> all;
      all.swap(under_way);
      for (auto& [delivery, done] : all) done(answer);
    }
  };

  explicit ScriptedTarget(Script& script) : script_(script) {}
  ~ScriptedTarget() override {
    script_.under_way.clear();
    script_.beats_under_way.clear();
  }

  void Deliver(Delivery delivery, Done done) override {
    script_.told.push_back(delivery);
    if (script_.rule) return done(script_.rule(delivery));
    script_.under_way.emplace_back(std::move(delivery), std::move(done));
  }
  void Beat(const std::string& upstream_token, Done done) override {
    script_.beats.push_back(upstream_token);
    if (script_.beat_rule) return done(script_.beat_rule(upstream_token));
    script_.beats_under_way.push_back(std::move(done));
  }
  bool takes_heartbeats() const override { return true; }
  int64_t beats_available() const override { return script_.beats_available; }
  int max_under_way() const override { return script_.max_under_way; }

 private:
  Script& script_;
};

}  // namespace tokenbroker::forward
