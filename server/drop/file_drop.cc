#include "server/drop/file_drop.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/failpoint.h"
#include "base/status_macros.h"
#include "base/thread.h"
#include "bulk/line_reader.h"
#include "bulk/result.h"
#include "bulk/row_reader.h"
#include "server/telemetry/log.h"

namespace tokenbroker::drop {
namespace {

// A journal of another form or namespace is none: its rows may mean other tasks. The content cannot change any more.
std::string IdentityOf(bulk::Format format, const std::string& name_space) {
  return absl::StrCat(format == bulk::Format::kCsv ? "csv " : "jsonl ", name_space);
}

uint64_t CountOf(const bulk::Journal::Counts& counts, v1::Verdict from, v1::Verdict to) {
  uint64_t count = 0;
  for (int verdict = from; verdict <= to; ++verdict) count += counts[static_cast<size_t>(verdict)];
  return count;
}

void LogEnd(const std::string& name, bool failed, const bulk::Journal& journal) {
  const bulk::Journal::Counts& counts = journal.counts();
  Log(failed ? Level::kWarning : Level::kInfo, failed ? "drop_file_failed" : "drop_file_done",
      {{"file", name},
       {"accepted", counts[v1::VERDICT_ACCEPTED]},
       {"replayed", counts[v1::VERDICT_REPLAYED]},
       {"parked", counts[v1::VERDICT_PARKED]},
       {"not_taken", CountOf(counts, v1::VERDICT_CONFLICT, v1::VERDICT_REFUSED)}});
}

}  // namespace

FileDrop::FileDrop(const Parts& parts, FileDropConfig config)
    : parts_(parts), config_(std::move(config)), pause_([this](DurationMs time) { return Pause(time); }) {}

FileDrop::~FileDrop() {
  Stop();
  if (thread_.joinable()) thread_.join();
}

void FileDrop::Stop() {
  const std::lock_guard<std::mutex> lock(mutex_);
  stopping_ = true;
  wake_.notify_all();
}

void FileDrop::Start() {
  Log(Level::kInfo, "drop_watches", {{"folder", config_.folder}, {"namespace", config_.name_space}});
  thread_ = std::thread([this] { Run(); });
}

void FileDrop::Run() {
  NameThisThread("file-drop");
  do Look();
  while (Pause(config_.interval));
}

bool FileDrop::Pause(DurationMs time) {
  std::unique_lock<std::mutex> lock(mutex_);
  return !wake_.wait_for(lock, std::chrono::milliseconds(time), [this] { return stopping_; });
}

void FileDrop::Look() {
  const absl::Status status = LookInto();
  if (!status.ok()) {
    folder_.reset();  // it may have been replaced
    return Tell("", std::string(status.message()));
  }
  told_.erase("");
}

absl::Status FileDrop::LookInto() {
  if (folder_ == nullptr) {
    TB_ASSIGN_OR_RETURN(folder_, DropFolder::Open(config_.folder));
  }
  TB_ASSIGN_OR_RETURN(const std::vector<std::string> taken, folder_->Taken());
  for (const std::string& name : taken) {
    if (!Pause(0)) return absl::OkStatus();
    Work(name);
  }
  TB_ASSIGN_OR_RETURN(const DropFolder::Listing listing, folder_->List());
  for (const auto& [name, why] : listing.refused) Tell(name, why);
  std::erase_if(seen_, [&](const auto& seen) { return !listing.files.contains(seen.first); });
  std::erase_if(told_, [&](const auto& told) {
    return !told.first.empty() && !listing.files.contains(told.first) && !listing.refused.contains(told.first) &&
           std::find(taken.begin(), taken.end(), told.first) == taken.end();
  });
  for (const auto& [name, stamp] : listing.files) {
    if (!Pause(0)) return absl::OkStatus();
    if (HasSettled(name, stamp)) TakeFile(name, stamp);
  }
  return absl::OkStatus();
}

bool FileDrop::HasSettled(const std::string& name, const FileStamp& stamp) {
  const TimeMs now = parts_.clock.Now();
  const auto [seen, fresh] = seen_.try_emplace(name, Sighting{stamp, now});
  if (seen->second.stamp != stamp) seen->second = {stamp, now};
  return now - seen->second.since >= config_.settle_time;
}

void FileDrop::TakeFile(const std::string& name, const FileStamp& stamp) {
  const absl::StatusOr<std::string> taken = folder_->Take(name, stamp);
  if (absl::IsFailedPrecondition(taken.status())) return;
  if (!taken.ok()) return Tell(name, std::string(taken.status().message()));
  seen_.erase(name);
  Log(Level::kInfo, "drop_file_taken", {{"file", *taken}, {"bytes", static_cast<int64_t>(stamp.size)}});
  TB_FAILPOINT("drop.taken");
  Work(*taken);
}

void FileDrop::Work(const std::string& name) {
  const absl::Status status = Finish(name);
  if (!status.ok()) Tell(name, std::string(status.message()));
}

absl::Status FileDrop::Finish(const std::string& name) {
  const bulk::Format format = *bulk::FormatOf(name);
  TB_ASSIGN_OR_RETURN(const OpenFile file, folder_->OpenTaken(name));
  TB_ASSIGN_OR_RETURN(const auto journal,
                      bulk::Journal::Open(folder_->JournalOf(name), IdentityOf(format, config_.name_space)));
  for (const bool failed : {false, true}) {
    // Killed between its last two steps.
    if (folder_->HasResults(name, failed)) return End(name, failed, *journal);
  }
  TB_ASSIGN_OR_RETURN(const Ending ending, Settle(name, *journal, file.fd()));
  if (ending == Ending::kInterrupted) return absl::OkStatus();
  TB_FAILPOINT("drop.before_publish");
  TB_RETURN_IF_ERROR(
      journal->Publish(folder_->ResultsOf(name, ending == Ending::kFailed), bulk::ResultsHeader(format)));
  TB_FAILPOINT("drop.published");
  LogEnd(name, ending == Ending::kFailed, *journal);
  return End(name, ending == Ending::kFailed, *journal);
}

absl::StatusOr<Ending> FileDrop::Settle(const std::string& name, bulk::Journal& journal, int fd) {
  const bulk::Format format = *bulk::FormatOf(name);
  struct stat info;
  if (fstat(fd, &info) != 0 || info.st_size > config_.max_file_size) {
    const absl::Status why = absl::InvalidArgumentError("the file is larger than file_drop.max_file_size");
    if (journal.last_line() == 0) {
      journal.AddVerdict(1, v1::VERDICT_REFUSED, bulk::WriteResult({1, bulk::Unreadable(why)}, format));
    }
    return Ending::kFailed;
  }
  bulk::LineReader lines(fd);
  bulk::RowReader rows(lines, format, config_.name_space);
  return FileRun({parts_.settler, rows, journal, format, parts_.metrics, pause_}).Run();
}

absl::Status FileDrop::End(const std::string& name, bool failed, bulk::Journal& journal) {
  // First of the two, or a journal without its file could be left behind.
  TB_RETURN_IF_ERROR(journal.Remove());
  TB_FAILPOINT("drop.journal_removed");
  TB_RETURN_IF_ERROR(folder_->PutAway(name, failed));
  parts_.metrics.drop_files(failed ? DropEnding::kFailed : DropEnding::kDone).Increment();
  return absl::OkStatus();
}

void FileDrop::Tell(const std::string& name, const std::string& trouble) {
  std::string& told = told_[name];
  if (std::exchange(told, trouble) == trouble) return;
  Log(Level::kWarning, "drop_trouble", {{"folder", config_.folder}, {"file", name}, {"msg", trouble}});
}

}  // namespace tokenbroker::drop
