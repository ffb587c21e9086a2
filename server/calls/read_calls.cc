#include "server/calls/read_calls.h"

#include <algorithm>
#include <vector>

#include "server/broker/refusals.h"
#include "server/calls/convert.h"
#include "server/calls/cursor.h"
#include "server/calls/delivery_view.h"
#include "server/calls/fill.h"

namespace tokenbroker::calls {
namespace {

// Answers end beyond this: many clients take no message above 4 MiB.
constexpr size_t kAnswerBytes = 1 << 20;
// How many records are added to a page before its size is looked at; all of them are in memory, whole.
constexpr size_t kRecordsAtOnce = 32;
constexpr size_t kFullRecordsAtOnce = 4;

broker::Refusal AnswerFull() {
  return {broker::Reason::kOverloaded, "the answer is full: ask for this task again, with fewer others", "", 1};
}

}  // namespace

absl::StatusOr<broker::TaskRecordPtr> LoadVisible(const broker::Broker& broker, const broker::TaskAddress& address,
                                                  const broker::Principal& principal, const broker::Located& located) {
  absl::StatusOr<broker::TaskRecordPtr> record = broker.Load(located);
  if (!record.ok() || address.proven() || principal.May(broker::kRead, (*record)->issued.name_space)) return record;
  return absl::NotFoundError("not for this caller");
}

// --- Get ---

void GetTaskCall::Begin() {
  if (const broker::Refusal refusal = Validate(request())) return Refuse(refusal);
  operation_.address = AddressOf(broker(), request().task());
  broker().Ask(Own(operation_));
}

void GetTaskCall::Decided() {
  if (operation_.refusal) return Refuse(operation_.refusal);
  Read([this] { Show(); });
}

void GetTaskCall::Show() {
  absl::StatusOr<broker::TaskRecordPtr> record =
      LoadVisible(broker(), operation_.address, principal(), operation_.located);
  if (!record.ok()) return Refuse(ReadRefusal(record.status()));
  const bool basic = request().view() == pb::TASK_VIEW_BASIC;
  FillWholeTask(door(), **record, basic ? pb::TASK_VIEW_BASIC : pb::TASK_VIEW_FULL, response().mutable_task());
  Answer();
}

void BatchGetTasksCall::Begin() {
  if (const broker::Refusal refusal = Validate(request())) return Refuse(refusal);
  const int size = request().tasks_size();
  operations_.reset(new broker::LocateOperation[size]);
  Reset(size + 1);
  std::vector<broker::Operation*> later;
  for (int i = 0; i < size; ++i) {
    broker::LocateOperation& operation = operations_[i];
    operation.refusal = Validate(request().tasks(i), "");
    if (operation.refusal) {
      Answered();
      continue;
    }
    operation.address = AddressOf(broker(), request().tasks(i));
    if (!broker().TryNow(Own(operation))) later.push_back(&operation);
  }
  if (!later.empty()) broker().Submit(later);
  Answered();  // all are handed over
}

void BatchGetTasksCall::Decided() {
  Read([this] { Show(); });
}

void BatchGetTasksCall::Show() {
  for (int i = 0; i < request().tasks_size(); ++i) {
    broker::LocateOperation& operation = operations_[i];
    if (!operation.refusal && answered_bytes_ > kAnswerBytes) operation.refusal = AnswerFull();
    ShowItem(operation, response().add_items());
  }
  Answer();
}

void BatchGetTasksCall::ShowItem(broker::LocateOperation& operation, pb::BatchGetTasksResponse::Item* out) {
  if (!operation.refusal) {
    absl::StatusOr<broker::TaskRecordPtr> record =
        LoadVisible(broker(), operation.address, principal(), operation.located);
    const bool full = request().view() == pb::TASK_VIEW_FULL;
    if (record.ok()) {
      FillWholeTask(door(), **record, full ? pb::TASK_VIEW_FULL : pb::TASK_VIEW_BASIC, out->mutable_task());
      answered_bytes_ += out->ByteSizeLong();
      return;
    }
    operation.refusal = ReadRefusal(record.status());
  }
  FillItemError({operation.refusal}, out->mutable_error());
}

// --- List ---

void ListTasksCall::Begin() {
  if (const broker::Refusal refusal = Validate(request())) return Refuse(refusal);
  if (!principal().May(broker::kRead, request().namespace_())) {
    return Refuse(broker::LacksRight(principal(), broker::kRead, request().namespace_()));
  }
  if (const broker::Refusal refusal = ReadPageToken(request(), from_)) return Refuse(refusal);
  Read([this] { Show(); });
}

void ListTasksCall::Show() {
  response().set_watch_cursor(FormatCursor(broker().committed()));
  const broker::TaskFilter filter = FilterOf(request().filter());
  const int asked = request().page_size();
  size_t room = asked == 0 ? kDefaultPage : std::min(asked, kMaxPage);
  const size_t at_once = request().view() == pb::TASK_VIEW_FULL ? kFullRecordsAtOnce : kRecordsAtOnce;
  size_t bytes = 0;
  absl::StatusOr<broker::Candidates> candidates = broker().TaskCandidates(filter, from_);
  if (!candidates.ok()) return Refuse(ReadRefusal(candidates.status()));
  while (!candidates->done() && room > 0 && bytes <= kAnswerBytes) {
    const auto tasks = broker().List(request().namespace_(), filter, *candidates, std::min(room, at_once));
    if (!tasks.ok()) return Refuse(ReadRefusal(tasks.status()));
    bytes += AddTasks(*tasks);
    room -= tasks->size();
  }
  const broker::Sequence next = candidates->next();
  if (next != 0) response().set_next_page_token(FormatPageToken(next, HashConditions(request())));
  Answer();
}

size_t ListTasksCall::AddTasks(const std::vector<broker::TaskRecordPtr>& tasks) {
  const pb::TaskView view = request().view() == pb::TASK_VIEW_FULL ? pb::TASK_VIEW_FULL : pb::TASK_VIEW_BASIC;
  size_t bytes = 0;
  for (const broker::TaskRecordPtr& task : tasks) {
    pb::Task* out = response().add_tasks();
    FillWholeTask(door(), *task, view, out);
    bytes += out->ByteSizeLong();
  }
  return bytes;
}

}  // namespace tokenbroker::calls
