#include "server/calls/settle_batch.h"

#include <utility>
#include <vector>

#include "server/calls/errors.h"
#include "server/calls/fill.h"
#include "server/calls/judged.h"

namespace tokenbroker::calls {

SettleBatch::SettleBatch(const Parts& parts, size_t size, std::function<void()> settled)
    : Submission(1), parts_(parts), settled_(std::move(settled)) {
  operations_.Make(parts.arena, size);
}

SettleBatch::SettleBatch(const Parts& parts, const Items& items, std::function<void()> settled)
    : SettleBatch(parts, items.size(), std::move(settled)) {
  for (int i = 0; i < items.size(); ++i) Take(i, items[i]);
}

void SettleBatch::Take(size_t place, const pb::Settlement& item) {
  broker::ResolveOperation& operation = operations_[place];
  if (broker::Refusal refusal = Validate(item, parts_.door.limits)) {
    operation.refusal = std::move(refusal);
    if (item.has_fail()) operation.state = broker::TaskState::kFailed;
    operation.verdict = broker::Verdict::kRefused;
    return;
  }
  Fill(parts_.door.broker, item, operation);
  operation.submission = this;
  operation.principal = &parts_.principal;
}

void SettleBatch::Start() {
  std::vector<broker::Operation*> valid;
  valid.reserve(operations_.size());
  for (broker::ResolveOperation& operation : operations_) {
    if (!operation.refusal) valid.push_back(&operation);
  }
  Reset(valid.size() + 1);
  if (!valid.empty()) parts_.door.broker.Submit(valid);
  Answered();  // all are handed over
}

void SettleBatch::Resume() {
  for (const broker::ResolveOperation& operation : operations_) Judged(parts_.door, parts_.principal, operation);
  const std::function<void()> settled = std::move(settled_);  // survives the batch
  settled();
}

void SettleBatch::FillResult(size_t place, pb::SettlementResult* out) const {
  calls::FillResult(operations_[place], out);
}

void SettleBatch::FillResults(Results* out) const {
  out->Reserve(static_cast<int>(operations_.size()));
  for (const broker::ResolveOperation& operation : operations_) calls::FillResult(operation, out->Add());
}

void FillResult(const broker::ResolveOperation& operation, pb::SettlementResult* out) {
  out->set_verdict(static_cast<pb::Verdict>(operation.verdict));
  out->clear_task_id();
  if (operation.task != 0) broker::FormatTaskId(0, operation.task, *out->mutable_task_id());
  if (operation.refusal) {
    FillItemError({operation.refusal, operation.task, operation.recorded.get()}, out->mutable_error());
  } else {
    out->clear_error();
  }
}

}  // namespace tokenbroker::calls
