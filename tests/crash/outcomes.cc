#include "tests/crash/outcomes.h"

#include "absl/strings/str_cat.h"
#include "tests/testing/broker_client.h"

namespace tokenbroker::testing {
namespace {

constexpr size_t kLargeBytes = 20'000;

}  // namespace

bool Succeeds(int choice) { return choice % 2 == 0; }

std::string OutputOf(uint64_t serial, int choice) {
  const std::string pad(choice >= kSmallChoices ? kLargeBytes : 0, 'x');
  return absl::StrCat("{\"serial\":", serial, ",\"choice\":", choice, ",\"pad\":\"", pad, "\"}");
}

std::string ErrorOf(int choice) { return absl::StrCat("Choice", choice); }

std::string CauseOf(uint64_t serial) { return absl::StrCat("of ", serial); }

v1::Settlement SettlementOf(const v1::TaskRef& task, uint64_t serial, int choice) {
  v1::Settlement settlement;
  if (Succeeds(choice)) {
    *settlement.mutable_succeed()->mutable_task() = task;
    settlement.mutable_succeed()->set_output(OutputOf(serial, choice));
  } else {
    *settlement.mutable_fail()->mutable_task() = task;
    settlement.mutable_fail()->set_error(ErrorOf(choice));
    settlement.mutable_fail()->set_cause(CauseOf(serial));
  }
  return settlement;
}

std::string End::Describe() const {
  return absl::StrCat(v1::TaskState_Name(state), " choice ", choice, " error \"", error, "\" at ", at);
}

End EndBy(int choice) {
  if (Succeeds(choice)) return {v1::TASK_STATE_SUCCEEDED, choice, "", 0};
  return {v1::TASK_STATE_FAILED, choice, ErrorOf(choice), 0};
}

namespace {

int ChoiceOf(uint64_t serial, v1::TaskState state, const v1::Outcome& outcome, bool with_output) {
  if (state == v1::TASK_STATE_SUCCEEDED && !with_output) return kUnknownChoice;
  for (int choice = 0; choice < kChoices; ++choice) {
    if (Succeeds(choice) != (state == v1::TASK_STATE_SUCCEEDED)) continue;
    const bool same = Succeeds(choice) ? outcome.output() == OutputOf(serial, choice)
                                       : outcome.error() == ErrorOf(choice) && outcome.cause() == CauseOf(serial);
    if (same) return choice;
  }
  return kForeignChoice;
}

}  // namespace

End EndOf(uint64_t serial, v1::TaskState state, const v1::Outcome& outcome, bool with_output) {
  const bool settled = state == v1::TASK_STATE_SUCCEEDED || state == v1::TASK_STATE_FAILED;
  const int choice = settled ? ChoiceOf(serial, state, outcome, with_output) : kUnknownChoice;
  return {state, choice, outcome.error(), ToMs(outcome.resolved_at())};
}

bool Agree(const End& a, const End& b) {
  if (a.state != b.state || a.error != b.error) return false;
  if (a.choice != kUnknownChoice && b.choice != kUnknownChoice && a.choice != b.choice) return false;
  return a.at == 0 || b.at == 0 || a.at == b.at;
}

End Merged(const End& a, const End& b) {
  End merged = a;
  if (merged.choice == kUnknownChoice) merged.choice = b.choice;
  if (merged.at == 0) merged.at = b.at;
  return merged;
}

}  // namespace tokenbroker::testing
