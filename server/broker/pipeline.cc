#include "server/broker/pipeline.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/failpoint.h"
#include "server/broker/refusals.h"
#include "server/contract/contract.h"

namespace tokenbroker::broker {
namespace {

constexpr DurationMs kRetryWhenOverloaded = 100;
constexpr DurationMs kLongestSleep = 1000;
constexpr size_t kPrefetchAhead = 8;
constexpr size_t kPrefetchEntryAhead = 4;

struct Place {
  Sequence task;
  Sequence* outcome_at;
};

// Which task the operation found, and where it keeps the place of the outcome.
Place PlaceOf(Operation& operation) {
  if (IsLook(operation)) {
    Located& located = static_cast<LookOperation&>(operation).located;
    return {located.task, &located.outcome_at};
  }
  if (AddressOf(operation) == nullptr) return {0, nullptr};
  auto& about = static_cast<TaskOperation&>(operation);
  return {about.task, &about.outcome_at};
}

}  // namespace

Pipeline::Pipeline(Parts parts, Sequence committed)
    : parts_(std::move(parts)),
      judge_(parts_.store, parts_.state.shard),
      waits_(parts_.clock.Now()),
      rules_(parts_.state, waits_, parts_.limits, parts_.observer),
      checks_(parts_.checks),
      committed_(committed) {}

// --- In ---

void Pipeline::Submit(absl::Span<Operation* const> operations) {
  if (failed_.load(std::memory_order_relaxed)) return;  // the process ends; nothing is answered any more
  size_t bytes = 0;
  for (const Operation* operation : operations) bytes += PayloadBytes(*operation);
  const size_t all = queued_operations_.fetch_add(operations.size()) + operations.size();
  const size_t all_bytes = queued_bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  if (all <= parts_.limits.queue_operations && all_bytes <= parts_.limits.queue_bytes)
    return queue_.Push(operations, bytes);
  CountOut(operations.size(), bytes);
  parts_.observer.Overloaded(Queue::kCommit);
  for (Operation* operation : operations) {
    operation->refusal = {Reason::kOverloaded, "too many calls wait to be written", "", kRetryWhenOverloaded};
    operation->next = Operation::Next::kAnswer;
    Answer(operation);
  }
}

bool Pipeline::TryNow(Operation& operation) {
  NamesWanted names;
  names.Want(operation);
  if (!names.LookUp(parts_.store, parts_.state.shard).ok()) return false;
  bool kick = false;
  bool beat_news = false;
  bool waits = false;
  {
    std::lock_guard<std::mutex> lock(parts_.mutex);
    const TimeMs now = parts_.clock.Now();
    if (!rules_.DecideNow(operation, committed(), now)) return false;
    rules_.Report();
    if (awaits_ended_) RefuseToWait(operation);
    waits = operation.next == Operation::Next::kWait;
    kick =
        !parts_.state.batch.empty() || (waits && EndsSleep(now + static_cast<const AwaitOperation&>(operation).limit));
    beat_news = parts_.state.beats.TakeGrown();
  }
  if (kick) queue_.Kick();
  if (beat_news && parts_.on_beat_news) parts_.on_beat_news();
  if (!waits) Answer(&operation);  // one that waits may be gone already
  return true;
}

bool Pipeline::EndsSleep(TimeMs due) {
  if (due >= sleeps_until_) return false;
  sleeps_until_ = 0;  // one is enough to wake it
  return true;
}

bool Pipeline::CancelAwait(AwaitOperation& operation) {
  std::lock_guard<std::mutex> lock(parts_.mutex);
  operation.given_up = true;
  return waits_.Cancel(operation);
}

void Pipeline::EndAwaits() {
  ends_.store(true);
  std::vector<AwaitOperation*> all;
  {
    std::lock_guard<std::mutex> lock(parts_.mutex);
    awaits_ended_ = true;
    waits_.TakeAll(all);
  }
  for (AwaitOperation* operation : all) {
    operation->refusal = Draining();
    Answer(operation);
  }
}

void Pipeline::RefuseToWait(Operation& operation) {
  if (operation.next != Operation::Next::kWait) return;
  waits_.Cancel(static_cast<AwaitOperation&>(operation));
  operation.next = Operation::Next::kAnswer;
  operation.refusal = Draining();
}

void Pipeline::SetDiskFull(bool full) {
  std::lock_guard<std::mutex> lock(parts_.mutex);
  rules_.set_disk_full(full);
}

// --- A round ---

bool Pipeline::RunOnce() {
  const size_t bytes = queue_.Take(round_);
  CountOut(round_.size(), bytes);
  LookUpNames(round_);
  DecideAll(round_);
  TB_FAILPOINT("commit.after_decide");
  FindOutcomes(round_);
  const bool had_operations = !round_.empty();
  const bool wrote = !in_flight_.empty();
  if (wrote && !Commit()) return false;
  WakeWaits();
  AnswerAll(round_);
  if (std::exchange(beat_news_, false) && parts_.on_beat_news) parts_.on_beat_news();
  const bool checkpointing = parts_.checkpointer.Step(committed());
  return wrote || had_operations || more_due_ || checkpointing;
}

// Without the lock: these are reads of the disk. What has changed since the last checkpoint is known in memory and is
// looked at when deciding.
void Pipeline::LookUpNames(const Operations& operations) {
  names_.Clear();
  for (Operation* operation : operations) names_.Want(*operation);
  if (names_.LookUp(parts_.store, parts_.state.shard).ok()) return;
  // Only those suffer whose part of the index cannot be read.
  for (Operation* operation : operations) {
    names_.Clear();
    names_.Want(*operation);
    const absl::Status status = names_.LookUp(parts_.store, parts_.state.shard);
    if (status.ok()) continue;
    operation->refusal = {Reason::kInternal, absl::StrCat("reading the index: ", status.message())};
  }
}

// Operations that wait are not ours any more as soon as the lock is released: whoever wakes them may be quicker than we
// are.
void Pipeline::DecideAll(Operations& operations) {
  std::lock_guard<std::mutex> lock(parts_.mutex);
  sleeps_until_ = 0;
  const TimeMs now = parts_.clock.Now();  // under the lock: never smaller than in an earlier decision
  more_due_ = rules_.ServeDeadlines(now);
  for (size_t i = 0; i < operations.size(); ++i) {
    if (i + kPrefetchAhead < operations.size()) rules_.Prefetch(*operations[i + kPrefetchAhead]);
    if (i + kPrefetchEntryAhead < operations.size()) rules_.PrefetchEntry(*operations[i + kPrefetchEntryAhead]);
    Operation* const operation = operations[i];
    operation->next = Operation::Next::kAnswer;
    if (operation->refusal) continue;  // its names could not be looked up
    rules_.Decide(*operation, now);
    if (awaits_ended_) RefuseToWait(*operation);
  }
  rules_.Report();
  const auto waits = [](const Operation* operation) { return operation->next == Operation::Next::kWait; };
  operations.erase(std::remove_if(operations.begin(), operations.end(), waits), operations.end());
  std::swap(in_flight_, parts_.state.batch);
  if (!in_flight_.empty()) owes_more_ = parts_.state.outbox.TakeGrown();
  beat_news_ = parts_.state.beats.TakeGrown();
  ended_.swap(parts_.state.ended);
}

void Pipeline::FindOutcomes(const Operations& operations) {
  for (Operation* operation : operations) {
    if (operation->next != Operation::Next::kFindOutcome) continue;
    const Place place = PlaceOf(*operation);
    absl::StatusOr<Sequence> found = parts_.store.Find(parts_.state.shard, storage::OutcomeIndexKey(place.task));
    *place.outcome_at = found.value_or(0);
    if (!found.ok()) {
      operation->refusal = {Reason::kInternal, absl::StrCat("reading the index: ", found.status().message())};
      operation->next = Operation::Next::kAnswer;
    } else if (*found != 0) {
      operation->next = Operation::Next::kCompare;
    } else if (ByName(*AddressOf(*operation))) {
      // The name led to something that is kept no longer.
      operation->gone = place.task;
    } else {
      operation->refusal = TaskUnknown();
      operation->next = Operation::Next::kAnswer;
    }
  }
}

bool Pipeline::Commit() {
  TB_FAILPOINT("commit.before_append");
  parts_.observer.CommitStarts(in_flight_.size());
  const Sequence last = in_flight_.last();
  absl::Status status = parts_.store.Append(parts_.state.shard, in_flight_.records());
  if (!status.ok()) {
    Fail(std::move(status));
    return false;
  }
  TB_FAILPOINT("commit.after_append");
  committed_.store(last);  // sequentially consistent: see Broker::OnceBeyond
  parts_.observer.CommitEnds(in_flight_.size());
  in_flight_.Clear();
  TB_FAILPOINT("commit.before_watches");
  if (parts_.on_commit) parts_.on_commit(last);
  if (std::exchange(owes_more_, false) && parts_.on_owed) parts_.on_owed();
  return true;
}

void Pipeline::Fail(absl::Status status) {
  failed_.store(true);
  parts_.observer.Trouble("append_failed", status);
  parts_.on_failure(std::move(status));
}

void Pipeline::WakeWaits() {
  woken_.clear();
  {
    std::lock_guard<std::mutex> lock(parts_.mutex);
    parts_.state.moving.clear();
    for (const auto& [task, outcome_at] : ended_) {
      const size_t before = woken_.size();
      waits_.Wake(task, woken_);
      for (size_t i = before; i < woken_.size(); ++i) woken_[i]->located.outcome_at = outcome_at;
    }
    const size_t before = woken_.size();
    waits_.TakeLapsed(parts_.clock.Now(), woken_);
    for (size_t i = before; i < woken_.size(); ++i) woken_[i]->located = parts_.state.Locate(woken_[i]->located.task);
  }
  ended_.clear();
  TB_FAILPOINT("commit.before_waits");
  for (AwaitOperation* operation : woken_) Answer(operation);
}

// --- Out ---

void Pipeline::AnswerAll(const Operations& operations) {
  TB_FAILPOINT("commit.before_answer");
  for (Operation* operation : operations) Dispatch(operation);
}

void Pipeline::Dispatch(Operation* operation) {
  switch (operation->next) {
    case Operation::Next::kWait:
    case Operation::Next::kAnswer:
      return Answer(operation);
    case Operation::Next::kFindOutcome:
    case Operation::Next::kDecideAgain:
      return DecideAgain(operation);
    case Operation::Next::kCompare:
      if (IsLook(*operation)) return Answer(operation);
      return Aside(*operation, [this, operation] {
        if (judge_.Compare(*operation)) return Answer(operation);
        operation->gone = PlaceOf(*operation).task;
        DecideAgain(operation);
      });
    case Operation::Next::kCheckContract:
      return Check(*operation, [this, operation] { CheckContract(static_cast<ResolveOperation&>(*operation)); });
    case Operation::Next::kCheckParked:
      return Check(*operation, [this, operation] {
        CheckParked(static_cast<IssueOperation&>(*operation));
        DecideAgain(operation);
      });
    case Operation::Next::kCompareIssue:
      return Aside(*operation, [this, operation] {
        auto& issue = static_cast<IssueOperation&>(*operation);
        if (judge_.CompareIssue(issue)) return Answer(operation);
        issue.gone = issue.task;
        DecideAgain(operation);
      });
  }
}

// The callback may have gone meanwhile, and another one come: then deciding again finds that out.
void Pipeline::CheckParked(IssueOperation& operation) {
  ParkedOutcome parked;
  {
    std::lock_guard<std::mutex> lock(parts_.mutex);
    const ParkedOutcome* const found = parts_.state.parked.Find(operation.parked_at);
    if (found == nullptr) return;
    parked = *found;
  }
  const IssueRequest& request = operation.request;
  const contract::Contract contract{request.output_schema, request.allowed_errors};
  operation.parked_breach = contract::FindBreach(contract, parked.state, parked.output, parked.error).has_value();
}

void Pipeline::CheckContract(ResolveOperation& operation) {
  if (ends_.load(std::memory_order_relaxed)) {
    operation.refusal = Draining();
    return Answer(&operation);
  }
  judge_.CheckContract(operation) ? DecideAgain(&operation) : Answer(&operation);
}

void Pipeline::Aside(const Operation& operation, std::function<void()> job) {
  parts_.executor.Run(Counted(operation, std::move(job)));
}

void Pipeline::Check(const Operation& operation, std::function<void()> job) {
  checks_.Run(operation.check_for, Counted(operation, std::move(job)));
}

std::function<void()> Pipeline::Counted(const Operation& operation, std::function<void()> job) {
  return [this, bytes = CountIn(operation), job = std::move(job)] {
    job();  // the operation may be gone now
    CountOut(1, bytes);
  };
}

void Pipeline::DecideAgain(Operation* operation) { queue_.Push({&operation, 1}, CountIn(*operation)); }

size_t Pipeline::CountIn(const Operation& operation) {
  const size_t bytes = PayloadBytes(operation);
  queued_operations_.fetch_add(1, std::memory_order_relaxed);
  queued_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  return bytes;
}

void Pipeline::CountOut(size_t operations, size_t bytes) {
  queued_operations_.fetch_sub(operations, std::memory_order_relaxed);
  queued_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
}

void Pipeline::Answer(Operation* operation) {
  if (failed_.load(std::memory_order_relaxed)) return;
  if (operation->refusal.reason == Reason::kInternal) {
    parts_.observer.Trouble("call_failed", absl::InternalError(operation->refusal.message));
  }
  if (operation->kind == Operation::Kind::kResolve) {
    auto& resolve = static_cast<ResolveOperation&>(*operation);
    if (resolve.refusal && resolve.verdict == Verdict::kUnknown && resolve.refusal.reason != Reason::kTaskUnknown) {
      resolve.verdict = Verdict::kRefused;
    }
    if (resolve.verdict == Verdict::kUnknown) resolve.task = 0;  // says nothing of a task that the caller may not see
  }
  operation->submission->Answered();
}

// --- The committer's thread ---

TimeMs Pipeline::DueNext() const {
  return std::min({parts_.state.deadlines.NextDue(), parts_.state.park_ends.NextDue(), waits_.NextDue()});
}

TimeMs Pipeline::NextDue() {
  std::lock_guard<std::mutex> lock(parts_.mutex);
  return DueNext();
}

DurationMs Pipeline::Idle() {
  if (queue_.has_work()) return 0;
  std::lock_guard<std::mutex> lock(parts_.mutex);
  const TimeMs now = parts_.clock.Now();
  const DurationMs idle = std::clamp<DurationMs>(DueNext() - now, 0, kLongestSleep);
  sleeps_until_ = now + idle;
  return idle;
}

void Pipeline::Run() {
  while (!failed_.load(std::memory_order_relaxed)) {
    if (RunOnce()) continue;
    if (!queue_.Sleep(std::chrono::milliseconds(Idle()))) return;
  }
}

void Pipeline::Stop() { queue_.Stop(); }

}  // namespace tokenbroker::broker
