#include "tests/racing/history.h"

#include "absl/strings/str_cat.h"

namespace tokenbroker::testing {

void TaskHistory::Note(uint64_t serial, int choice, const Answer& answer) {
  switch (answer.verdict) {
    case v1::VERDICT_ACCEPTED:
      ++accepted;
      accepted_choice = choice;
      break;
    case v1::VERDICT_REPLAYED:
      replayed |= 1u << choice;
      break;
    case v1::VERDICT_CONFLICT: {
      conflicted |= 1u << choice;
      if (!answer.resolved.has_value() || answer.resolved->task_id() != task_id) {
        trouble = "a conflict does not name the task";
        break;
      }
      const End winner = EndOf(serial, answer.resolved->state(), answer.resolved->outcome(), /*with_output=*/false);
      if (winner.choice >= 0) named |= 1u << winner.choice;
      if (winner.choice == kForeignChoice) trouble = "a conflict names " + winner.Describe();
      if (winner.state == v1::TASK_STATE_SUCCEEDED) named_success = true;
      break;
    }
    case v1::VERDICT_UNSPECIFIED:
      NoteLost();
      break;
    default:
      trouble = absl::StrCat(v1::Verdict_Name(answer.verdict), " ", v1::ErrorReason_Name(answer.reason));
  }
}

std::string TaskHistory::Judge(const End& end) const {
  if (!trouble.empty()) return trouble;
  if (sent == 0) return end.state == v1::TASK_STATE_WAITING ? "" : "ended though nobody settled it: " + end.Describe();
  if (end.choice < 0) return "ended with something that nobody sent: " + end.Describe();
  const unsigned winner = 1u << end.choice;
  if ((sent & winner) == 0) return "ended with something that nobody sent: " + end.Describe();
  if (accepted > 1) return absl::StrCat("accepted ", accepted, " times");
  if (accepted == 0 && !lost) return "accepted never, though every call was answered";
  if (accepted == 1 && accepted_choice != end.choice)
    return "accepted one outcome, recorded another: " + end.Describe();
  if ((replayed & ~winner) != 0) return "replayed a loser";
  if ((conflicted & winner) != 0) return "refused the winner";
  if ((named & ~winner) != 0) return "a conflict named a loser";
  if (named_success && !Succeeds(end.choice)) return "a conflict named a success, but a failure won";
  return "";
}

}  // namespace tokenbroker::testing
