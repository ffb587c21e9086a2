#include "server/calls/judged.h"

#include "server/telemetry/log.h"

namespace tokenbroker::calls {
namespace {

// By the numbers of broker::Verdict.
constexpr std::string_view kVerdicts[] = {"",        "accepted",  "replayed",   "parked",  "conflict",
                                          "expired", "cancelled", "superseded", "unknown", "refused"};
// By DoorKind.
constexpr std::string_view kDoors[] = {"grpc", "rest", "aws", "callback", "drop"};

void Write(const Door& door, const broker::Principal& caller, std::string_view call, std::string_view verdict,
           const broker::Refusal& refusal, storage::Sequence task) {
  const std::string id = task == 0 ? "" : door.broker.IdOf(task);
  const std::string_view name = kDoors[static_cast<size_t>(door.kind)];
  if (refusal) {
    Log(Level::kDebug, "task_judged",
        {{"call", call},
         {"verdict", verdict},
         {"reason", broker::InfoOf(refusal.reason).name},
         {"task_id", id},
         {"door", name},
         {"caller", caller.id}});
  } else {
    Log(Level::kDebug, "task_judged",
        {{"call", call}, {"verdict", verdict}, {"task_id", id}, {"door", name}, {"caller", caller.id}});
  }
}

}  // namespace

void Judged(const Door& door, const broker::Principal& caller, const broker::ResolveOperation& operation) {
  const auto verdict = static_cast<size_t>(operation.verdict);
  door.metrics.settle_verdicts(static_cast<SettleVerdict>(verdict - 1), door.kind).Increment();
  if (!LogsAt(Level::kDebug)) return;
  Write(door, caller, operation.state == broker::TaskState::kSucceeded ? "succeed" : "fail", kVerdicts[verdict],
        operation.refusal, operation.task);
}

void Judged(const Door& door, const broker::Principal& caller, const broker::HeartbeatOperation& operation) {
  if (!LogsAt(Level::kDebug)) return;
  Write(door, caller, "heartbeat", operation.refusal ? "refused" : "accepted", operation.refusal, operation.task);
}

void Rejected(const Door& door, const broker::Principal& caller, std::string_view call) {
  if (call != "heartbeat") door.metrics.settle_verdicts(SettleVerdict::kRefused, door.kind).Increment();
  if (LogsAt(Level::kDebug)) Write(door, caller, call, "refused", {broker::Reason::kInvalidField}, 0);
}

}  // namespace tokenbroker::calls
