#include "server/broker/checkpointer.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/failpoint.h"
#include "base/status_macros.h"
#include "server/broker/sorted_entries.h"

namespace tokenbroker::broker {
namespace {

constexpr size_t kBlocksPerStep = 64;
constexpr size_t kHoldAtOnce = 256;
constexpr int kHoldNotes = 256;
constexpr size_t kOwedAtOnce = 4096;
// A disk that refused one checkpoint will refuse the next: to sort and write a million entries again and again would
// only take time from those who call.
constexpr DurationMs kRetryAfterFailure = 5'000;

// The newest mark that is at least so old; 0 if there is none.
Sequence MarkBefore(const std::vector<storage::Mark>& marks, TimeMs time) {
  Sequence found = 0;
  for (const storage::Mark& mark : marks) {
    if (mark.time <= time) found = mark.sequence;
  }
  return found;
}

// Each once: one that became empty and was filled again was packed twice, and whatever one of the two has alone is in
// the log behind the checkpoint.
void SortByNumber(std::vector<storage::OpenBlock>& blocks) {
  std::sort(blocks.begin(), blocks.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  const auto same = [](const auto& a, const auto& b) { return a.number == b.number; };
  blocks.erase(std::unique(blocks.begin(), blocks.end(), same), blocks.end());
}

}  // namespace

Checkpointer::Checkpointer(Parts parts, TimeMs last_checkpoint)
    : parts_(std::move(parts)), last_time_(last_checkpoint), last_try_(parts_.clock.Now()) {}

bool Checkpointer::Step(Sequence committed) {
  switch (phase_) {
    case Phase::kIdle:
      if (!Due(committed)) return false;
      Begin(committed);
      return true;
    case Phase::kPacking:
      Pack(kBlocksPerStep);
      if (draft_.packed < draft_.blocks.size()) return true;
      HandOver();
      return false;
    case Phase::kWriting:
      if (!written_.load(std::memory_order_acquire)) return false;
      End();
      DropDraft();
      return false;
  }
  return false;
}

bool Checkpointer::Due(Sequence committed) {
  if (committed == covered_) return false;
  const DurationMs since_last_try = parts_.clock.Now() - last_try_;
  if (since_last_try >= parts_.policy.interval) return true;
  if (!result_.ok() && since_last_try < kRetryAfterFailure) return false;
  std::lock_guard<std::mutex> lock(parts_.mutex);
  return parts_.state.index.active_size() >= parts_.policy.entries;
}

void Checkpointer::Begin(Sequence committed) {
  std::lock_guard<std::mutex> lock(parts_.mutex);
  draft_ = Draft();
  draft_.checkpoint.covers = committed;
  draft_.checkpoint.time = last_try_ = parts_.clock.Now();
  draft_.index = parts_.state.index.Freeze();
  draft_.blocks = parts_.state.open.TakeDirtyBlocks();
  const std::vector<uint64_t> owed = parts_.state.outbox.TakeDirtyBlocks();
  draft_.blocks.insert(draft_.blocks.end(), owed.begin(), owed.end());
  phase_ = Phase::kPacking;
  TB_FAILPOINT("checkpoint.begun");
}

void Checkpointer::Pack(size_t blocks_max) {
  std::lock_guard<std::mutex> lock(parts_.mutex);
  const size_t end = std::min(draft_.blocks.size(), draft_.packed + blocks_max);
  for (; draft_.packed < end; ++draft_.packed) {
    const uint64_t number = draft_.blocks[draft_.packed];
    const bool owed = number & Outbox::kBlockBit;
    draft_.checkpoint.blocks.push_back(owed ? parts_.state.outbox.Pack(number) : parts_.state.open.Pack(number));
  }
  if (end == draft_.blocks.size()) PackRest();
}

// Releases are taken with the notes of progress: replay releases a record only by a note that still names it. What
// ended its use is on disk by now, or is progress that a crash undoes, note and all.
void Checkpointer::PackRest() {
  draft_.checkpoint.state = parts_.state.PackRest();
  std::vector<storage::Release>& releases = parts_.state.releases;
  draft_.checkpoint.releases.insert(draft_.checkpoint.releases.end(), releases.begin(), releases.end());
  releases.clear();
}

void Checkpointer::HandOver() {
  TB_FAILPOINT("checkpoint.packed");
  phase_ = Phase::kWriting;
  written_.store(false);
  parts_.background.Run([this] {
    result_ = Write();
    if (result_.ok()) Retain();
    written_.store(true, std::memory_order_release);
  });
}

absl::Status Checkpointer::Write() {
  storage::Checkpoint& checkpoint = draft_.checkpoint;
  checkpoint.index = SortedByKey(*draft_.index);
  SortByNumber(checkpoint.blocks);
  TB_FAILPOINT("checkpoint.before_save");
  TB_RETURN_IF_ERROR(parts_.store.SaveCheckpoint(parts_.state.shard, checkpoint));
  TB_FAILPOINT("checkpoint.after_save");
  parts_.observer.CheckpointTaken(checkpoint.time, checkpoint.index.size(), checkpoint.blocks.size());
  return absl::OkStatus();
}

void Checkpointer::End() {
  std::lock_guard<std::mutex> lock(parts_.mutex);
  ShardState& state = parts_.state;
  if (result_.ok()) {
    state.index.Thaw();
    covered_ = draft_.checkpoint.covers;
    last_time_ = draft_.checkpoint.time;
  } else {
    parts_.observer.Trouble("checkpoint_failed", result_);
    state.index.Refreeze();
    state.releases.insert(state.releases.end(), draft_.checkpoint.releases.begin(), draft_.checkpoint.releases.end());
    for (uint64_t block : draft_.blocks) {
      block& Outbox::kBlockBit ? state.outbox.MarkBlockDirty(block) : state.open.MarkBlockDirty(block);
    }
  }
  phase_ = Phase::kIdle;
}

// A million entries take milliseconds to give back.
void Checkpointer::DropDraft() {
  parts_.background.Run([done = std::make_shared<Draft>(std::exchange(draft_, Draft()))] {});
}

absl::Status Checkpointer::Finish(Sequence committed, bool orderly) {
  // A job of ours may still be running; its thread pool has been joined or runs jobs on this thread.
  if (phase_ == Phase::kWriting && written_.load(std::memory_order_acquire)) End();
  // What began before lacks what has changed since.
  if (phase_ != Phase::kIdle) TB_RETURN_IF_ERROR(WriteNow(/*orderly=*/false));
  if (committed == covered_ && !orderly) return absl::OkStatus();
  Begin(committed);
  return WriteNow(orderly);
}

absl::Status Checkpointer::WriteNow(bool orderly) {
  parts_.state.orderly_stop = orderly;
  Pack(SIZE_MAX);
  parts_.state.orderly_stop = false;
  result_ = Write();
  const absl::Status result = result_;
  End();
  return result;
}

// --- Retention ---

void Checkpointer::Retain() {
  absl::StatusOr<std::vector<storage::Mark>> marks = parts_.store.Marks(parts_.state.shard);
  if (!marks.ok()) return parts_.observer.Trouble("retention_failed", marks.status());
  const TimeMs now = parts_.clock.Now();
  HoldUpTo(MarkBefore(*marks, now - parts_.retention.hold_after));
  DropUpTo(MarkBefore(*marks, now - parts_.retention.resolved));
}

void Checkpointer::HoldUpTo(Sequence target) {
  Sequence from = 0;
  {
    std::lock_guard<std::mutex> lock(parts_.mutex);
    from = parts_.state.hold_floor();
    if (target <= from) return;
    // Before the first copy: whichever of these tasks ends from now on is released.
    parts_.state.release_floor = std::max(parts_.state.release_floor, target);
  }
  absl::Status status = HoldEach(from, target, &Checkpointer::WaitingBetween, &Checkpointer::CopyTask);
  if (status.ok()) status = HoldEach(from, target, &Checkpointer::ProgressBetween, &Checkpointer::CopyProgress);
  status.ok() ? NoteHold(target) : parts_.observer.Trouble("hold_failed", status);
}

absl::Status Checkpointer::HoldEach(Sequence from, Sequence to, Find find, Copy copy) {
  while (true) {
    const std::vector<Sequence> records = (this->*find)(from, to, kHoldAtOnce);
    if (records.empty()) return absl::OkStatus();
    std::vector<storage::HeldCopy> copies;
    for (const Sequence record : records) TB_RETURN_IF_ERROR((this->*copy)(record, copies));
    TB_FAILPOINT("retention.before_hold");
    TB_RETURN_IF_ERROR(parts_.store.Hold(parts_.state.shard, copies));
    TB_FAILPOINT("retention.after_hold");
    from = records.back() + 1;
  }
}

// Keeps a few hundred notes for the time that counts, however often checkpoints are taken.
void Checkpointer::NoteHold(Sequence target) {
  const TimeMs now = parts_.clock.Now();
  std::lock_guard<std::mutex> lock(parts_.mutex);
  std::vector<storage::Mark>& holds = parts_.state.holds;
  const size_t count = holds.size();
  if (count >= 2 && now - holds[count - 2].time < parts_.retention.resolved / kHoldNotes) holds.pop_back();
  holds.push_back({target, now});
  const auto counts = [&](const storage::Mark& hold) { return hold.time > now - parts_.retention.resolved; };
  const auto first = std::find_if(holds.begin(), holds.end(), counts);
  if (first - holds.begin() > 1) holds.erase(holds.begin(), first - 1);
}

std::vector<Sequence> Checkpointer::WaitingBetween(Sequence from, Sequence to, size_t max) {
  std::vector<Sequence> tasks;
  std::lock_guard<std::mutex> lock(parts_.mutex);
  parts_.state.open.VisitFrom(from, [&](Sequence task, const OpenTask&) {
    if (task >= to || tasks.size() == max) return false;
    tasks.push_back(task);
    return true;
  });
  return tasks;
}

std::vector<Sequence> Checkpointer::ProgressBetween(Sequence from, Sequence to, size_t max) {
  std::lock_guard<std::mutex> lock(parts_.mutex);
  return parts_.state.progress.LoggedBetween(from, to, max);
}

absl::Status Checkpointer::CopyTask(Sequence task, std::vector<storage::HeldCopy>& out) {
  TB_ASSIGN_OR_RETURN(std::string bytes, parts_.store.Read(parts_.state.shard, task));
  TB_ASSIGN_OR_RETURN(storage::IssuedEntry entry, storage::DecodeIssued(bytes));
  std::vector<storage::IndexKey> keys = IndexKeysOf(parts_.state.hasher, entry);
  out.push_back({task, std::move(bytes), std::move(keys)});
  return absl::OkStatus();
}

// Older brokers kept notes of records that never got to the disk, and whose numbers may be another's now, or nobody's.
absl::Status Checkpointer::CopyProgress(Sequence record, std::vector<storage::HeldCopy>& out) {
  absl::StatusOr<std::string> bytes = parts_.store.Read(parts_.state.shard, record);
  if (absl::IsNotFound(bytes.status())) return absl::OkStatus();
  TB_RETURN_IF_ERROR(bytes.status());
  TB_ASSIGN_OR_RETURN(const storage::LogEntry entry, storage::DecodeEntry(*bytes));
  if (std::holds_alternative<storage::ProgressEntry>(entry)) out.push_back({record, *std::move(bytes), {}});
  return absl::OkStatus();
}

void Checkpointer::DropUpTo(Sequence target) {
  {
    std::lock_guard<std::mutex> lock(parts_.mutex);
    target = std::min(target, MarkBefore(parts_.state.holds, parts_.clock.Now() - parts_.retention.resolved));
    for (const auto& [at, outcome] : parts_.state.parked) target = std::min(target, at);
  }
  absl::StatusOr<Sequence> floor = parts_.store.Floor(parts_.state.shard);
  if (!floor.ok()) return;
  target = std::min(target, FirstOwed(*floor));
  if (target <= *floor) return;
  TB_FAILPOINT("retention.before_drop");
  if (absl::Status status = parts_.store.DropBefore(parts_.state.shard, target); !status.ok()) {
    return parts_.observer.Trouble("drop_failed", status);
  }
  TB_FAILPOINT("retention.after_drop");
  parts_.observer.Dropped(target);
}

// A delivery needs the record of its outcome and that of its task. Whatever is owed from now on was issued behind what
// may be dropped, or is held.
Sequence Checkpointer::FirstOwed(Sequence floor) {
  const TimeMs before = parts_.clock.Now() - parts_.retention.resolved;
  Sequence oldest = UINT64_MAX;
  Sequence from = 0;
  do {
    std::lock_guard<std::mutex> lock(parts_.mutex);
    from = parts_.state.outbox.ForgetDeadBefore(before, floor, from, kOwedAtOnce, oldest);
  } while (from != 0);
  return oldest;
}

}  // namespace tokenbroker::broker
