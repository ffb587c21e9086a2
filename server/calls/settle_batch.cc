#include "server/calls/settle_batch.h"

#include <utility>
#include <vector>

#include "server/calls/errors.h"
#include "server/calls/fill.h"
#include "server/calls/judged.h"

namespace tokenbroker::calls {

SettleBatch::SettleBatch(const Door& door, const broker::Principal& principal, Home& home, const Items& items,
                         std::function<void()> settled)
    : Submission(1),
      door_(door),
      principal_(principal),
      home_(home),
      items_(items),
      settled_(std::move(settled)),
      operations_(new broker::ResolveOperation[items.size()]) {}

void SettleBatch::Start() {
  std::vector<broker::Operation*> valid;
  valid.reserve(items_.size());
  for (int i = 0; i < items_.size(); ++i) {
    broker::ResolveOperation& operation = operations_[i];
    operation.refusal = Validate(items_[i], door_.limits);
    if (operation.refusal) {
      if (items_[i].has_fail()) operation.state = broker::TaskState::kFailed;
      operation.verdict = broker::Verdict::kRefused;
      continue;
    }
    Fill(door_.broker, items_[i], operation);
    operation.submission = this;
    operation.principal = &principal_;
    valid.push_back(&operation);
  }
  Reset(valid.size() + 1);
  if (!valid.empty()) door_.broker.Submit(valid);
  Answered();  // all are handed over
}

void SettleBatch::Resume() {
  for (int i = 0; i < items_.size(); ++i) Judged(door_, principal_, operations_[i]);
  const std::function<void()> settled = std::move(settled_);  // survives the batch
  settled();
}

void SettleBatch::FillResults(Results* out) const {
  out->Reserve(items_.size());
  for (int i = 0; i < items_.size(); ++i) FillResult(operations_[i], out->Add());
}

void FillResult(const broker::ResolveOperation& operation, pb::SettlementResult* out) {
  out->set_verdict(static_cast<pb::Verdict>(operation.verdict));
  if (operation.task != 0) out->set_task_id(broker::FormatTaskId(0, operation.task));
  if (operation.refusal) FillItemError({operation.refusal, operation.task, &operation.recorded}, out->mutable_error());
}

}  // namespace tokenbroker::calls
