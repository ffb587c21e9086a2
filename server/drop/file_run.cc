#include "server/drop/file_run.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/failpoint.h"
#include "base/status_macros.h"
#include "bulk/key_look_up.h"
#include "bulk/result.h"

namespace tokenbroker::drop {
namespace {

constexpr size_t kBatchItems = 500;
constexpr size_t kBatchBytes = 1 << 20;
constexpr DurationMs kShortestPause = 100;
constexpr DurationMs kLongestPause = 5'000;

// No judgement of the row: the broker is too busy, or about to stop. A full namespace is one.
bool IsPassing(const v1::SettlementResult& result) {
  const v1::ErrorReason reason = result.error().reason();
  return reason == v1::ERROR_REASON_OVERLOADED || reason == v1::ERROR_REASON_DRAINING;
}

DurationMs PauseAfter(const v1::ItemError& refusal) {
  const DurationMs asked = refusal.retry_after().seconds() * 1000;
  return std::clamp(asked, kShortestPause, kLongestPause);
}

}  // namespace

absl::StatusOr<Ending> FileRun::Run() {
  while (true) {
    Batch batch;
    TB_ASSIGN_OR_RETURN(const bool more, Fill(batch));
    TB_ASSIGN_OR_RETURN(const bool found, FindTasks(batch));
    if (!found) return Ending::kInterrupted;
    TB_FAILPOINT("drop.before_settle");
    if (!Settle(batch)) return Ending::kInterrupted;
    TB_FAILPOINT("drop.settled");
    TB_RETURN_IF_ERROR(Record(batch));
    TB_FAILPOINT("drop.recorded");
    if (!more) return unreadable_ ? Ending::kFailed : Ending::kDone;
  }
}

absl::StatusOr<bool> FileRun::Fill(Batch& batch) {
  bulk::Row row;
  while (batch.items.size() < kBatchItems && batch.bytes < kBatchBytes) {
    const auto next = parts_.rows.Read(row, true);
    unreadable_ = absl::IsInvalidArgument(next.status());
    if (unreadable_) return false;
    TB_RETURN_IF_ERROR(next.status());
    if (*next != bulk::RowReader::Next::kLine) return false;
    if (row.line <= parts_.journal.last_line()) continue;
    Item item;
    item.line = row.line;
    if (row.settlement.ok()) {
      item.settlement = batch.settlements.size();
      *batch.settlements.Add() = *std::move(row.settlement);
    } else {
      item.result = bulk::Unreadable(row.settlement.status());
    }
    batch.bytes += row.bytes;
    batch.items.push_back(std::move(item));
  }
  return true;
}

absl::StatusOr<bool> FileRun::FindTasks(Batch& batch) {
  bulk::KeyLookUp keys(parts_.journal);
  for (const Item& item : batch.items) {
    if (item.settlement >= 0) keys.Add(item.line, batch.settlements[item.settlement]);
  }
  for (DurationMs pause = 0; !keys.done();) {
    if (!parts_.pause(pause)) return false;
    const std::optional<v1::ItemError> again = keys.Take(parts_.settler.FindTasks(keys.Question()));
    if (again) pause = PauseAfter(*again);
  }
  TB_RETURN_IF_ERROR(parts_.journal.Sync());
  return true;
}

bool FileRun::Settle(Batch& batch) {
  std::vector<Item*> open;
  for (Item& item : batch.items) {
    if (item.settlement >= 0) open.push_back(&item);
  }
  Settler::Items items = batch.settlements;
  for (DurationMs pause = 0; !open.empty();) {
    if (!parts_.pause(pause)) return false;
    Settler::Results results;
    parts_.settler.Settle(items, &results);
    std::vector<Item*> again;
    items.Clear();
    for (size_t i = 0; i < open.size(); ++i) {
      open[i]->result = results[static_cast<int>(i)];
      if (!IsPassing(open[i]->result)) continue;
      pause = PauseAfter(open[i]->result.error());
      again.push_back(open[i]);
      *items.Add() = batch.settlements[open[i]->settlement];
    }
    open = std::move(again);
  }
  return true;
}

absl::Status FileRun::Record(const Batch& batch) {
  for (const Item& item : batch.items) {
    const v1::Verdict verdict = item.result.verdict();
    const bool resumed = parts_.journal.resumed() && verdict == v1::VERDICT_REPLAYED;
    parts_.journal.AddVerdict(item.line, verdict, bulk::WriteResult({item.line, item.result, resumed}, parts_.format));
    parts_.metrics.drop_rows(static_cast<SettleVerdict>(verdict - 1)).Increment();
  }
  return parts_.journal.Sync();
}

}  // namespace tokenbroker::drop
