// The outcomes that the drivers send: a task's serial number and one of nine choices say every byte, so that whatever
// the broker shows later can be told apart and traced to who sent it.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "tokenbroker/v1/resolver_service.pb.h"
#include "tokenbroker/v1/task.pb.h"

namespace tokenbroker::testing {

inline constexpr int kChoices = 9;
// All but the last are small.
inline constexpr int kSmallChoices = 8;
inline constexpr int kUnknownChoice = -1;
// Not one of the sent ones: somebody else's bytes.
inline constexpr int kForeignChoice = -2;

// Even choices succeed, odd ones fail.
bool Succeeds(int choice);
std::string OutputOf(uint64_t serial, int choice);
std::string ErrorOf(int choice);
std::string CauseOf(uint64_t serial);

v1::Settlement SettlementOf(const v1::TaskRef& task, uint64_t serial, int choice);

// How a task ended, as far as one answer tells.
struct End {
  v1::TaskState state = v1::TASK_STATE_UNSPECIFIED;
  int choice = kUnknownChoice;
  std::string error;
  // 0: the answer does not say.
  TimeMs at = 0;

  std::string Describe() const;
};

// An end that an answer to a settling call implies.
End EndBy(int choice);
// `with_output`: whether the outcome's output would be there.
End EndOf(uint64_t serial, v1::TaskState state, const v1::Outcome& outcome, bool with_output);

// Whether both can be true of one task.
bool Agree(const End& a, const End& b);
// What both know together.
End Merged(const End& a, const End& b);

}  // namespace tokenbroker::testing
