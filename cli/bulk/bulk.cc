#include "cli/bulk/bulk.h"

#include <algorithm>

#include "base/status_macros.h"
#include "bulk/result.h"
#include "cli/error.h"
#include "cli/exit_code.h"

namespace tokenbroker::cli {
namespace {

constexpr DurationMs kLongestSilence = 30'000;
// Few enough for one answer, unless many tasks have long causes: what then does not fit is asked for again.
constexpr size_t kLookUpItems = 100;

// Overload passes in a moment. A full namespace or disk stays full while we, who would fill it, wait.
bool IsPassing(const absl::Status& error) {
  const v1::ErrorReason reason = DetailsOf(error).reason;
  return IsRetryable(error) && reason != v1::ERROR_REASON_NAMESPACE_LIMIT && reason != v1::ERROR_REASON_DISK_FULL;
}

// Of a row that an earlier run was answered; why it was refused is not known any more.
int ExitCodeOf(v1::Verdict refusal) {
  if (refusal == v1::VERDICT_UNSPECIFIED) return kOk;
  if (refusal == v1::VERDICT_REFUSED) return kUsage;
  v1::SettlementResult result;
  result.set_verdict(refusal);
  return ExitCodeFor(StatusOf(result));
}

}  // namespace

std::vector<Bulk::Item*> Bulk::Batch::Open() {
  std::vector<Item*> open;
  for (Item& item : items) {
    if (!item.judged) open.push_back(&item);
  }
  return open;
}

absl::StatusOr<int> Bulk::Run(bulk::RowReader& rows) {
  if (journal_ != nullptr && exit_code_ == 0) exit_code_ = ExitCodeOf(journal_->first_refusal());
  while (true) {
    bool filled = false;
    if (!ended_ && batches_.size() < options_.batches_in_flight) {
      TB_ASSIGN_OR_RETURN(filled, Fill(rows));
    }
    TB_RETURN_IF_ERROR(PrintJudged());
    if (batches_.empty() && ended_) break;
    if (batches_.empty() || (filled && !ended_ && batches_.size() < options_.batches_in_flight)) continue;
    TB_RETURN_IF_ERROR(ReadAnswer());
  }
  finished_ = !absl::IsUnavailable(input_error_);
  if (!input_error_.ok()) return input_error_;
  return exit_code_;
}

absl::StatusOr<bool> Bulk::Fill(bulk::RowReader& rows) {
  Batch batch;
  bulk::Row row;
  while (batch.items.size() < options_.batch_items && batch.bytes < options_.batch_bytes) {
    const bool wait = batches_.empty() && batch.items.empty();
    if (ReadRow(rows, row, wait) != bulk::RowReader::Next::kLine) break;
    AddRow(batch, std::move(row));
  }
  if (batch.items.empty()) return false;
  if (journal_ != nullptr) TB_RETURN_IF_ERROR(FindTasks(batch));
  if (batches_.empty()) last_progress_ = waiter_.Now();
  batch.id = next_batch_id_++;
  batches_.push_back(std::move(batch));
  Send(batches_.back());
  return true;
}

bulk::RowReader::Next Bulk::ReadRow(bulk::RowReader& rows, bulk::Row& row, bool wait) {
  const auto next = rows.Read(row, wait);
  if (!next.ok()) input_error_ = next.status();
  ended_ = !next.ok() || *next == bulk::RowReader::Next::kEnd;
  return next.value_or(bulk::RowReader::Next::kEnd);
}

void Bulk::AddRow(Batch& batch, bulk::Row row) {
  next_line_ = row.line + 1;
  if (journal_ != nullptr && row.line <= journal_->last_line()) return;
  Item item;
  item.line = row.line;
  if (row.settlement.ok()) {
    item.settlement = *std::move(row.settlement);
  } else {
    item.judged = true;
    item.result = bulk::Unreadable(row.settlement.status());
    item.error = row.settlement.status();
  }
  batch.bytes += row.bytes;
  batch.items.push_back(std::move(item));
}

absl::Status Bulk::FindTasks(Batch& batch) {
  bulk::KeyLookUp keys(*journal_);
  for (Item* item : batch.Open()) keys.Add(item->line, item->settlement);
  while (!keys.done()) TB_RETURN_IF_ERROR(LookUp(keys));
  return journal_->Sync();
}

absl::Status Bulk::LookUp(bulk::KeyLookUp& keys) {
  using Answer = absl::StatusOr<v1::BatchGetTasksResponse>;
  const auto ask = [&](DurationMs left) -> Answer {
    const v1::BatchGetTasksRequest question = keys.Question(kLookUpItems);
    Answer answer = broker_.BatchGet(question, left);
    if (!answer.ok()) return answer;
    if (answer->items_size() != question.tasks_size()) {
      return absl::InternalError("the broker answered a look-up of tasks that was not sent");
    }
    std::optional<v1::ItemError> again = keys.Take(*answer);
    if (!again) return answer;
    again->set_code(static_cast<int>(absl::StatusCode::kUnavailable));  // whatever it is: to be repeated
    return MakeError(*again);
  };
  return Retrier(waiter_, random_).Run(options_.patience, options_.patience, ask).status();
}

// A write that fails is noticed by the next read, which knows why.
void Bulk::Send(Batch& batch) {
  v1::SettleStreamRequest request;
  request.set_batch_id(batch.id);
  for (const Item* item : batch.Open()) *request.add_items() = item->settlement;
  if (request.items_size() == 0) return;
  if (!stream_) stream_ = broker_.Settle();
  stream_->Write(request);
}

absl::Status Bulk::ReadAnswer() {
  const auto answer = stream_->Read(std::min(options_.patience, kLongestSilence));
  if (!answer.ok()) return IsRetryable(answer.status()) ? Resume(answer.status()) : answer.status();
  const auto batch = std::find_if(batches_.begin(), batches_.end(),
                                  [&](const Batch& candidate) { return candidate.id == answer->batch_id(); });
  if (batch == batches_.end() || batch->Open().size() != static_cast<size_t>(answer->items_size())) {
    return absl::InternalError("the broker answered a batch that was not sent");
  }
  const DurationMs pause = Judge(*batch, *answer);
  if (batch->Open().empty()) return absl::OkStatus();
  waiter_.Wait(pause);
  Send(*batch);
  return absl::OkStatus();
}

// Giving up on an item is no progress: once patience is over, the batches behind are tried once each, until one item
// is judged for another reason.
DurationMs Bulk::Judge(Batch& batch, const v1::SettleStreamResponse& answer) {
  const bool patient = waiter_.Now() < last_progress_ + options_.patience;
  const std::vector<Item*> open = batch.Open();
  absl::Status refusal;
  for (size_t i = 0; i < open.size(); ++i) {
    open[i]->result = answer.items(static_cast<int>(i));
    open[i]->error = StatusOf(open[i]->result);
    if (IsPassing(open[i]->error)) {
      refusal = open[i]->error;
      open[i]->judged = !patient;
      continue;
    }
    open[i]->judged = true;
    last_progress_ = waiter_.Now();
  }
  if (!refusal.ok()) return backoff_.Next(refusal);
  backoff_.Reset();
  return 0;
}

absl::Status Bulk::Resume(const absl::Status& broken) {
  stream_.reset();
  const DurationMs pause = backoff_.Next(broken);
  if (waiter_.Now() + pause >= last_progress_ + options_.patience || !waiter_.Wait(pause)) return broken;
  for (Batch& batch : batches_) Send(batch);
  return absl::OkStatus();
}

absl::Status Bulk::PrintJudged() {
  while (!batches_.empty() && batches_.front().Open().empty()) {
    for (const Item& item : batches_.front().items) PrintItem(item);
    if (journal_ != nullptr) {
      TB_RETURN_IF_ERROR(journal_->Sync());
    } else if (!out_.flush()) {
      return absl::InternalError("standard output cannot be written: the verdicts are lost, what was settled is not");
    }
    next_to_print_ = batches_.front().items.back().line + 1;
    batches_.pop_front();
  }
  if (batches_.empty()) next_to_print_ = next_line_;
  return absl::OkStatus();
}

void Bulk::PrintItem(const Item& item) {
  const v1::Verdict verdict = item.result.verdict();
  const bool resumed = journal_ != nullptr && journal_->resumed() && verdict == v1::VERDICT_REPLAYED;
  const std::string text = bulk::WriteResult({item.line, item.result, resumed}, options_.format);
  if (journal_ != nullptr) {
    journal_->AddVerdict(item.line, verdict, text);
  } else {
    out_ << text << "\n";
  }
  if (exit_code_ == 0) exit_code_ = ExitCodeFor(item.error);
}

}  // namespace tokenbroker::cli
