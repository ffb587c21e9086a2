// What was answered to everybody who tried to settle one task, and whether one world explains it all.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "tests/crash/outcomes.h"
#include "tests/crash/traffic.h"

namespace tokenbroker::testing {

// The answers to all calls about one task, in no order.
struct TaskHistory {
  std::string task_id;
  std::string token;
  unsigned sent = 0;  // bits of choices
  int accepted = 0;
  // A call got no answer: it may have been the accepted one.
  bool lost = false;
  unsigned replayed = 0;  // bits of choices
  // Whom conflicts named: bits of choices for failures, the state for successes, whose output conflicts leave out.
  unsigned named = 0;
  bool named_success = false;
  unsigned conflicted = 0;  // bits of choices
  int accepted_choice = kUnknownChoice;
  std::string trouble;

  void Note(uint64_t serial, int choice, const Answer& answer);
  void NoteLost() { lost = true; }
  // What is wrong, given how the task really ended; empty if nothing.
  std::string Judge(const End& end) const;
};

}  // namespace tokenbroker::testing
