// The engine behind the targets of the simulation, with a bad line to it.
//
// It answers as Step Functions does: the first arrival of an outcome is taken, later ones are told that it is over. On
// the way requests and replies get lost, it throttles, falters, wants an operator, is down for a while, answers late.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/forward/outcome_target.h"

namespace tokenbroker::broker {

class FarSide {
 public:
  struct Outcome {
    forward::Delivery::Kind kind;
    std::string output;
    std::string error;
    std::string cause;
    bool refused = false;
    int arrivals = 0;
  };

  // `below`: a number below its argument, evenly.
  explicit FarSide(std::function<uint64_t(uint64_t)> below) : below_(std::move(below)) {}

  std::unique_ptr<forward::OutcomeTarget> MakeTarget();
  // Answers some of the tries that it keeps waiting.
  void AnswerSome();
  void AnswerAll();

  // The line is good from now on, and the engine up.
  void CalmDown();
  void set_down(bool down) { down_ = down; }
  bool idle() const { return waiting_.empty(); }

  // By task id: what has arrived.
  const std::map<std::string, Outcome>& arrived() const { return arrived_; }
  uint64_t sends() const { return sends_; }
  // The first thing that was wrong; empty if nothing was.
  const std::string& wrong() const { return wrong_; }

 private:
  class Target;
  using Done = forward::OutcomeTarget::Done;

  void Send(forward::Delivery delivery, Done done);
  // A try on its way, with its place among all that were sent.
  struct Try {
    forward::Delivery delivery;
    Done done;
    uint64_t sent = 0;
  };
  forward::Answer Receive(const Try& one);
  forward::Answer Arrive(const Try& one);

  std::function<uint64_t(uint64_t)> below_;
  bool calm_ = false;
  bool down_ = false;
  uint64_t sends_ = 0;
  std::vector<Try> waiting_;
  // By task id: the latest try. One that was given up may arrive after it.
  std::map<std::string, uint64_t> latest_;
  std::map<std::string, Outcome> arrived_;
  std::string wrong_;
};

}  // namespace tokenbroker::broker
