#include "cli/bulk/bulk.h"

#include <algorithm>

#include "base/status_macros.h"
#include "cli/bulk/line.h"
#include "cli/error.h"
#include "cli/exit_code.h"
#include "cli/task_json.h"

namespace tokenbroker::cli {
namespace {

constexpr DurationMs kLongestSilence = 30'000;

// Overload passes in a moment. A full namespace or disk stays full while we, who would fill it, wait.
bool IsPassing(const absl::Status& error) {
  const v1::ErrorReason reason = DetailsOf(error).reason;
  return IsRetryable(error) && reason != v1::ERROR_REASON_NAMESPACE_LIMIT && reason != v1::ERROR_REASON_DISK_FULL;
}

}  // namespace

std::vector<Bulk::Item*> Bulk::Batch::Open() {
  std::vector<Item*> open;
  for (Item& item : items) {
    if (!item.judged) open.push_back(&item);
  }
  return open;
}

absl::StatusOr<int> Bulk::Run(LineSource& lines) {
  while (true) {
    const bool filled = !ended_ && batches_.size() < options_.batches_in_flight && Fill(lines);
    PrintJudged();
    if (batches_.empty() && ended_) break;
    if (batches_.empty() || (filled && !ended_ && batches_.size() < options_.batches_in_flight)) continue;
    TB_RETURN_IF_ERROR(ReadAnswer());
  }
  if (!input_error_.ok()) return input_error_;
  return exit_code_;
}

bool Bulk::Fill(LineSource& lines) {
  Batch batch;
  std::string line;
  while (batch.items.size() < options_.batch_items && batch.bytes < options_.batch_bytes) {
    const bool wait = batches_.empty() && batch.items.empty();
    if (ReadLine(lines, line, wait) != LineSource::Next::kLine) break;
    AddLine(batch, line);
  }
  if (batch.items.empty()) return false;
  if (batches_.empty()) last_progress_ = waiter_.Now();
  batch.id = next_batch_id_++;
  batches_.push_back(std::move(batch));
  Send(batches_.back());
  return true;
}

LineSource::Next Bulk::ReadLine(LineSource& lines, std::string& line, bool wait) {
  const auto next = lines.Read(line, wait);
  if (!next.ok()) input_error_ = next.status();
  ended_ = !next.ok() || *next == LineSource::Next::kEnd;
  return next.value_or(LineSource::Next::kEnd);
}

void Bulk::AddLine(Batch& batch, const std::string& line) {
  const uint64_t number = next_line_++;
  if (line.find_first_not_of(" \t\r") == std::string::npos) return;
  Item item;
  item.line = number;
  auto settlement = ParseBulkLine(line, options_.name_space);
  if (settlement.ok()) {
    item.settlement = *std::move(settlement);
  } else {
    item.judged = true;
    item.result.set_verdict(v1::VERDICT_REFUSED);
    item.error = settlement.status();
  }
  batch.bytes += line.size();
  batch.items.push_back(std::move(item));
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

void Bulk::PrintJudged() {
  while (!batches_.empty() && batches_.front().Open().empty()) {
    for (const Item& item : batches_.front().items) PrintItem(item);
    batches_.pop_front();
    out_.flush();
  }
  if (batches_.empty()) next_to_print_ = next_line_;
}

void Bulk::PrintItem(const Item& item) {
  Json json = Json::object();
  json["line"] = item.line;
  json["verdict"] = NameOf(item.result.verdict());
  if (!item.result.task_id().empty()) json["task_id"] = item.result.task_id();
  if (!item.error.ok()) json["error"] = ErrorJson(item.error);
  out_ << Print(json, Layout::kOneLine) << "\n";
  next_to_print_ = item.line + 1;
  if (exit_code_ == 0) exit_code_ = ExitCodeFor(item.error);
}

}  // namespace tokenbroker::cli
