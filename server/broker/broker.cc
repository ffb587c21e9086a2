#include "server/broker/broker.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/failpoint.h"
#include "base/status_macros.h"
#include "base/thread.h"

namespace tokenbroker::broker {
namespace {

constexpr size_t kTaskIdLength = 18;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string FormatTaskId(storage::ShardId shard, Sequence task) {
  std::string text;
  FormatTaskId(shard, task, text);
  return text;
}

void FormatTaskId(storage::ShardId shard, Sequence task, std::string& text) {
  constexpr char kDigits[] = "0123456789abcdef";
  text.resize(kTaskIdLength);
  for (size_t i = kTaskIdLength; i-- > 2; task >>= 4) text[i] = kDigits[task & 15];
  text[0] = kDigits[shard >> 4];
  text[1] = kDigits[shard & 15];
}

bool ParseTaskId(std::string_view text, storage::ShardId& shard, Sequence& task) {
  if (text.size() != kTaskIdLength) return false;
  unsigned high = 0;
  uint64_t low = 0;
  for (size_t i = 0; i < kTaskIdLength; ++i) {
    const int digit = HexDigit(text[i]);
    if (digit < 0) return false;
    if (i < 2)
      high = high * 16 + digit;
    else
      low = low * 16 + digit;
  }
  shard = static_cast<storage::ShardId>(high);
  task = low;
  return true;
}

Broker::Broker(Options options, Parts parts)
    : options_(std::move(options)),
      parts_(std::move(parts)),
      state_(kShard, parts_.store.identity(), parts_.codec, parts_.clock.Now()) {}

Broker::~Broker() {
  if (committer_.joinable()) StopCommitter();
}

absl::StatusOr<std::unique_ptr<Broker>> Broker::Open(Options options, Parts parts) {
  std::unique_ptr<Broker> broker(new Broker(std::move(options), std::move(parts)));
  TB_RETURN_IF_ERROR(broker->Recover());
  Broker& self = *broker;
  self.catalog_ = std::make_unique<Catalog>(self.parts_.store, self.state_, self.mutex_);
  self.checkpointer_ = std::make_unique<Checkpointer>(
      Checkpointer::Parts{self.parts_.store, self.parts_.clock, self.parts_.background, self.parts_.observer,
                          self.state_, self.mutex_, self.options_.checkpoint, self.options_.retention},
      self.last_checkpoint_);
  self.pipeline_ = std::make_unique<Pipeline>(
      Pipeline::Parts{self.parts_.store, self.parts_.clock, self.parts_.executor, self.parts_.checks,
                      self.parts_.observer, self.options_.limits, self.state_, self.mutex_, *self.checkpointer_,
                      self.parts_.on_failure, [&self](Sequence sequence) { self.Committed(sequence); },
                      [&self] {
                        if (self.on_owed_) self.on_owed_();
                      },
                      [&self] {
                        if (self.on_beat_news_) self.on_beat_news_();
                      }},
      self.state_.last_sequence);
  // Nothing is sent before the disk knows that the last stop's word no longer holds.
  if (self.was_orderly_) TB_RETURN_IF_ERROR(self.checkpointer_->Finish(self.committed(), /*orderly=*/false));
  return broker;
}

absl::Status Broker::Recover() {
  absl::Status trouble;
  TB_ASSIGN_OR_RETURN(const storage::TokenStore::LoadedCheckpoint checkpoint,
                      parts_.store.LoadCheckpoint(kShard, [&](uint64_t number, std::string_view bytes) {
                        const bool owed = number & Outbox::kBlockBit;
                        const absl::Status status =
                            owed ? state_.outbox.Load(number, bytes) : state_.open.Load(number, bytes);
                        if (!status.ok()) trouble = status;
                      }));
  TB_RETURN_IF_ERROR(trouble);
  last_checkpoint_ = checkpoint.time;
  // What was held behind the last checkpoint is not on record; it was held below that checkpoint, in any case.
  state_.release_floor = checkpoint.covers + 1;
  TB_FAILPOINT("start.checkpoint_loaded");
  ShardState::Rest rest;
  if (!checkpoint.state.empty()) {
    TB_ASSIGN_OR_RETURN(rest, state_.LoadRest(checkpoint.state, checkpoint.covers));
  }
  TB_RETURN_IF_ERROR(state_.FinishLoad(checkpoint.covers));
  for (Sequence parked : rest.parked) {
    // A callback that was parked after the checkpoint began and dropped before it ended is in the list and perhaps
    // gone.
    absl::StatusOr<std::string> bytes = parts_.store.Read(kShard, parked);
    if (absl::IsNotFound(bytes.status())) continue;
    TB_RETURN_IF_ERROR(bytes.status());
    TB_RETURN_IF_ERROR(state_.Replay(parked, *bytes));
  }
  TB_RETURN_IF_ERROR(parts_.store.Scan(kShard, checkpoint.covers + 1, [&](const storage::LogRecord& record) {
    state_.orderly_stop = false;  // something happened after it
    trouble = state_.Replay(record.sequence, record.bytes);
    return trouble.ok();
  }));
  TB_RETURN_IF_ERROR(trouble);
  TB_ASSIGN_OR_RETURN(const Sequence last, parts_.store.LastSequence(kShard));
  state_.last_sequence = std::max({state_.last_sequence, last, checkpoint.covers});
  TB_FAILPOINT("start.replayed");
  was_orderly_ = state_.orderly_stop && state_.outbox.size() > 0;
  state_.FinishReplay(parts_.clock.Now());
  return absl::OkStatus();
}

// --- Addresses ---

TaskAddress Broker::AddressOfToken(std::string_view token) const {
  TaskAddress address;
  if (TokenCodec::LooksLikeOurs(token)) {
    TokenContent content;
    const bool opened = token::LooksFull(token) ? parts_.codec.Open(token, content)
                                                : parts_.codec.OpenLimited(token, content, address.limits);
    if (!opened || content.shard != kShard) return {};
    address.kind = TaskAddress::Kind::kToken;
    address.task = content.task;
    return address;
  }
  address.kind = TaskAddress::Kind::kUpstream;
  address.index_key = state_.hasher.UpstreamToken(token);
  return address;
}

TaskAddress Broker::AddressOfId(std::string_view task_id) const {
  TaskAddress address;
  storage::ShardId shard = 0;
  if (!ParseTaskId(task_id, shard, address.task) || shard != kShard || address.task == 0) return {};
  address.kind = TaskAddress::Kind::kId;
  return address;
}

TaskAddress Broker::AddressOfKey(std::string_view name_space, std::string_view key) const {
  TaskAddress address;
  address.kind = TaskAddress::Kind::kKey;
  address.name_space = name_space;
  address.key = key;
  address.index_key = state_.hasher.CorrelationKey(name_space, key);
  return address;
}

void Broker::Prepare(IssueOperation& operation) const {
  const IssueRequest& request = operation.request;
  if (!request.request_id.empty())
    operation.request_key = state_.hasher.RequestId(request.name_space, request.request_id);
  if (!request.correlation_key.empty()) {
    operation.correlation_index_key = state_.hasher.CorrelationKey(request.name_space, request.correlation_key);
  }
  if (!request.upstream_token.empty()) operation.upstream_key = state_.hasher.UpstreamToken(request.upstream_token);
}

// --- Reading ---

bool Broker::TryRead(std::function<void()> read) {
  if (queued_reads_.fetch_add(1) >= options_.limits.queue_reads) {
    queued_reads_.fetch_sub(1);
    parts_.observer.Overloaded(Queue::kReads);
    return false;
  }
  parts_.executor.Run([this, read = std::move(read)] {
    queued_reads_.fetch_sub(1);
    read();
  });
  return true;
}

// --- Watching ---

void Broker::OnceBeyond(Sequence after, std::function<void()> wake) {
  {
    std::lock_guard<std::mutex> lock(watch_mutex_);
    const auto sleeps = [&] { return committed() <= after && !draining_.load(); };
    if (sleeps()) {
      watchers_.push_back({after, std::move(wake)});
      watched_.store(true);
      // Who wakes looks at `watched_` after having moved `committed` or set `draining_`; look once more in case it was
      // in between.
      if (sleeps()) return;
      wake = std::move(watchers_.back().second);
      watchers_.pop_back();
    }
  }
  wake();
}

void Broker::Committed(Sequence sequence) {
  if (!watched_.load()) return;
  std::vector<std::pair<Sequence, std::function<void()>>> awake;
  {
    std::lock_guard<std::mutex> lock(watch_mutex_);
    const auto sleeps = [&](const auto& watcher) { return watcher.first >= sequence; };
    const auto split = std::stable_partition(watchers_.begin(), watchers_.end(), sleeps);
    awake.assign(std::make_move_iterator(split), std::make_move_iterator(watchers_.end()));
    watchers_.erase(split, watchers_.end());
    watched_.store(!watchers_.empty());
  }
  for (auto& [after, wake] : awake) wake();
}

void Broker::BeginDrain() {
  draining_.store(true);
  pipeline_->EndAwaits();
  Committed(UINT64_MAX);
}

// --- Deliveries ---

std::vector<Broker::Owed> Broker::TakeOwed(std::string_view target, size_t max) {
  std::vector<Owed> taken;
  std::lock_guard<std::mutex> lock(mutex_);
  const uint32_t number = state_.lanes.FindTarget(target);
  if (number == LaneTable::kNone) return taken;
  while (taken.size() < max) {
    const Sequence outcome = state_.outbox.Take(number, committed());
    if (outcome == 0) break;
    const OwedDelivery& owed = *state_.outbox.Find(outcome);
    taken.push_back({outcome, owed.Since(), owed.may_have_arrived != 0});
  }
  return taken;
}

void Broker::NoteMayHaveArrived(absl::Span<const Sequence> outcomes) {
  std::lock_guard<std::mutex> lock(mutex_);
  for (Sequence outcome : outcomes) state_.outbox.NoteMayHaveArrived(outcome);
}

absl::StatusOr<std::string> Broker::UpstreamTokenOf(const TaskRecord& record) const {
  if (record.issued.upstream_token_sealed.empty()) return std::string();
  return parts_.codec.OpenUpstream(record.task, record.issued.upstream_token_sealed);
}

absl::StatusOr<std::string> Broker::UpstreamTokenOf(Sequence task) const {
  TB_ASSIGN_OR_RETURN(const std::string bytes, parts_.store.Read(kShard, task));
  TB_ASSIGN_OR_RETURN(const storage::IssuedEntry entry, storage::DecodeIssued(bytes));
  return parts_.codec.OpenUpstream(task, entry.upstream_token_sealed);
}

uint64_t Broker::owed() const {
  std::lock_guard<std::mutex> lock(mutex_);
  uint64_t owed = 0;
  for (uint32_t target = 1; target < state_.lanes.targets(); ++target) owed += state_.outbox.CountsOf(target).owed;
  return owed;
}

std::vector<Broker::TargetStatus> Broker::TargetStatuses() const {
  std::vector<TargetStatus> all;
  std::lock_guard<std::mutex> lock(mutex_);
  for (uint32_t target = 1; target < state_.lanes.targets(); ++target) {
    const Outbox::Counts counts = state_.outbox.CountsOf(target);
    all.push_back({state_.lanes.TargetName(target), counts.owed, counts.dead, state_.outbox.OldestWaiting(target)});
  }
  return all;
}

// --- Heartbeats ---

void Broker::FollowBeats(const std::vector<std::string>& targets, std::function<void()> wake) {
  on_beat_news_ = std::move(wake);
  bool news = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    state_.FollowBeats(targets);
    news = state_.beats.TakeGrown();
  }
  if (news) on_beat_news_();
}

std::vector<BeatNews> Broker::TakeBeatNews() {
  std::lock_guard<std::mutex> lock(mutex_);
  return state_.beats.Take();
}

void Broker::AwaitBeats(absl::Span<const Sequence> tasks) {
  std::lock_guard<std::mutex> lock(mutex_);
  for (Sequence task : tasks) state_.AwaitBeat(task);
}

// --- Care ---

Broker::Status Broker::GetStatus() const {
  Status status;
  Sequence oldest = 0;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    status.open_tasks = state_.open.size();
    status.parked = state_.parked.size();
    oldest = state_.open.oldest();
  }
  status.awaits = pipeline_->awaits();
  status.queued = pipeline_->queued();
  status.queued_bytes = pipeline_->queued_bytes();
  status.queued_reads = queued_reads_.load();
  status.last_sequence = committed();
  status.epoch = parts_.store.identity().epoch;
  status.last_checkpoint = checkpointer_->last_time();
  if (oldest != 0) {
    absl::StatusOr<std::string> bytes = parts_.store.Read(kShard, oldest);
    absl::StatusOr<storage::IssuedEntry> entry = bytes.ok() ? storage::DecodeIssued(*bytes) : bytes.status();
    if (entry.ok()) status.oldest_open = entry->time;
  }
  return status;
}

void Broker::Start() {
  committer_ = std::thread([this] {
    NameThisThread("committer");
    RunThisThreadPromptly();
    pipeline_->Run();
  });
}

void Broker::StopCommitter() {
  pipeline_->Stop();
  if (committer_.joinable()) committer_.join();
  stopped_ = true;
  TB_FAILPOINT("stop.before_checkpoint");
}

absl::Status Broker::TakeLastCheckpoint() { return checkpointer_->Finish(committed(), stopped_); }

}  // namespace tokenbroker::broker
