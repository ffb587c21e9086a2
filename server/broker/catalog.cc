#include "server/broker/catalog.h"

#include <algorithm>

#include "base/status_macros.h"

namespace tokenbroker::broker {
namespace {

// How many records one call looks at, so that no call takes long.
constexpr size_t kExaminedPerCall = 4096;

bool HasLabels(const storage::IssuedEntry& issued, const TaskFilter& filter) {
  return std::all_of(filter.labels.begin(), filter.labels.end(), [&](const auto& wanted) {
    return std::any_of(issued.labels.begin(), issued.labels.end(),
                       [&](const auto& label) { return label.first == wanted.first && label.second == wanted.second; });
  });
}

bool StartsWith(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

// Everything that can be told from the issue entry.
bool PassesIssued(const TaskFilter& filter, const storage::IssuedEntry& issued, TimeMs now) {
  const DurationMs age = now - issued.time;
  return age >= filter.min_age && (filter.max_age == 0 || age <= filter.max_age) &&
         (filter.target.empty() || issued.target == filter.target) &&
         StartsWith(issued.correlation_key, filter.correlation_key_prefix) && HasLabels(issued, filter);
}

bool PassesState(const TaskFilter& filter, TaskState state) {
  return filter.states.empty() || std::find(filter.states.begin(), filter.states.end(), state) != filter.states.end();
}

// `moved_deadline` 0: it is still that of the issue.
void SetStanding(TaskRecord& record, TimeMs moved_deadline, bool cancel_requested) {
  if (moved_deadline != 0) record.deadline = moved_deadline;
  record.cancel_requested = cancel_requested;
}

void SetOutcome(TaskRecord& record, const storage::ResolvedEntry& outcome) {
  record.outcome = outcome;
  record.state = outcome.state;
  SetStanding(record, outcome.deadline, outcome.cancel_requested);
}

}  // namespace

absl::StatusOr<TaskRecordPtr> Catalog::LoadIssued(Sequence task) const {
  auto record = std::make_unique<TaskRecord>();
  record->task = task;
  TB_ASSIGN_OR_RETURN(record->issued_bytes, store_.Read(state_.shard, task));
  TB_ASSIGN_OR_RETURN(storage::LogEntry entry, storage::DecodeEntry(record->issued_bytes));
  // Numbers that callers send, and what is held, may lead to other entries. What is none at all is damage.
  auto* const issued = std::get_if<storage::IssuedEntry>(&entry);
  if (issued == nullptr) return absl::NotFoundError("not the record of a task");
  record->issued = std::move(*issued);
  record->deadline = record->issued.deadline;
  return record;
}

absl::Status Catalog::LoadOutcome(TaskRecord& record, Sequence outcome_at) const {
  TB_ASSIGN_OR_RETURN(std::string bytes, store_.Read(state_.shard, outcome_at));
  return TakeOutcome(record, outcome_at, std::move(bytes));
}

absl::Status Catalog::TakeOutcome(TaskRecord& record, Sequence outcome_at, std::string bytes) const {
  record.outcome_bytes = std::move(bytes);
  TB_ASSIGN_OR_RETURN(const storage::ResolvedEntry outcome, storage::DecodeResolved(record.outcome_bytes));
  SetOutcome(record, outcome);
  record.outcome_at = outcome_at;
  return outcome.target.empty() ? absl::OkStatus() : LoadDelivery(record);
}

absl::Status Catalog::LoadDelivery(TaskRecord& record) const {
  DeliveryRecord& delivery = record.delivery.emplace();
  Sequence noted_at = 0;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const OwedDelivery* owed = state_.outbox.Find(record.outcome_at);
    if (owed != nullptr && !owed->dead) {
      delivery.may_have_arrived = owed->may_have_arrived;
      return absl::OkStatus();
    }
    noted_at = state_.index.Find(storage::DeliveryIndexKey(record.outcome_at));
  }
  if (noted_at == 0) {
    TB_ASSIGN_OR_RETURN(noted_at, store_.Find(state_.shard, storage::DeliveryIndexKey(record.outcome_at)));
  }
  absl::StatusOr<std::string> bytes = store_.Read(state_.shard, noted_at);
  if (absl::IsNotFound(bytes.status())) return absl::OkStatus();  // not on disk yet
  TB_RETURN_IF_ERROR(bytes.status());
  TB_ASSIGN_OR_RETURN(const storage::DeliveryEntry entry, storage::DecodeDelivery(*bytes));
  delivery = {entry.state,
              entry.time,
              entry.tries,
              std::string(entry.code),
              std::string(entry.message),
              std::string(entry.by),
              entry.may_have_arrived};
  return absl::OkStatus();
}

absl::StatusOr<TaskRecordPtr> Catalog::Load(const Located& located) const {
  TB_ASSIGN_OR_RETURN(TaskRecordPtr record, LoadIssued(located.task));
  if (located.outcome_at != 0) {
    TB_RETURN_IF_ERROR(LoadOutcome(*record, located.outcome_at));
    return record;
  }
  record->deadline = located.open.deadline;
  record->last_heartbeat = located.open.has_beaten ? located.open.last_heartbeat : 0;
  record->cancel_requested = located.open.cancel_requested;
  record->progress = located.progress;
  record->progress_at = located.progress_at;
  if (located.progress_logged_at != 0) {
    absl::StatusOr<std::string> bytes = store_.Read(state_.shard, located.progress_logged_at);
    absl::StatusOr<storage::LogEntry> entry = bytes.ok() ? storage::DecodeEntry(*bytes) : bytes.status();
    const auto* progress = entry.ok() ? std::get_if<storage::ProgressEntry>(&*entry) : nullptr;
    // Older brokers kept notes of records that never got to the disk, and whose numbers may be another's now.
    if (progress != nullptr && progress->task == located.task) record->progress = progress->details;
  }
  return record;
}

// --- Lists ---

std::vector<Sequence> Catalog::WaitingFrom(Sequence from, size_t max) const {
  std::vector<Sequence> tasks;
  std::lock_guard<std::mutex> lock(mutex_);
  state_.open.VisitFrom(from, [&](Sequence task, const OpenTask&) {
    if (tasks.size() == max) return false;
    tasks.push_back(task);
    return true;
  });
  return tasks;
}

absl::StatusOr<std::vector<Sequence>> Catalog::IssuedFrom(Sequence from, Sequence& scanned_to) const {
  std::vector<Sequence> tasks;
  size_t examined = 0;
  scanned_to = 0;
  TB_RETURN_IF_ERROR(store_.Scan(state_.shard, from, [&](const storage::LogRecord& record) {
    if (examined++ == kExaminedPerCall) {
      scanned_to = record.sequence;
      return false;
    }
    if (storage::PeekEntryType(record.bytes) == storage::EntryType::kIssued) tasks.push_back(record.sequence);
    return true;
  }));
  return tasks;
}

absl::StatusOr<std::vector<Sequence>> Catalog::HeldFrom(Sequence from, Sequence below, Sequence& scanned_to) const {
  std::vector<Sequence> tasks;
  scanned_to = below;
  TB_RETURN_IF_ERROR(store_.ScanHeld(state_.shard, from, [&](Sequence task) {
    if (task >= below) return false;
    if (tasks.size() == kExaminedPerCall) {
      scanned_to = task;
      return false;
    }
    tasks.push_back(task);
    return true;
  }));
  return tasks;
}

absl::StatusOr<Located> Catalog::LocateAny(Sequence task) const {
  Located located;
  bool waits = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    located = state_.Locate(task);
    waits = state_.open.Find(task) != nullptr;
    if (auto before = state_.moving.find(task); before != state_.moving.end()) located.open = before->second;
  }
  if (waits || located.outcome_at != 0) return located;
  TB_ASSIGN_OR_RETURN(located.outcome_at, store_.Find(state_.shard, storage::OutcomeIndexKey(task)));
  if (located.outcome_at == 0) return absl::NotFoundError("the outcome is kept no longer");
  return located;
}

// Below the floor the held copies are all there is. Above it the log itself is the list.
absl::StatusOr<std::vector<Sequence>> Catalog::KeptFrom(Sequence from, Sequence& scanned_to) const {
  TB_ASSIGN_OR_RETURN(const Sequence floor, store_.Floor(state_.shard));
  if (from < floor) return HeldFrom(from, floor, scanned_to);
  absl::StatusOr<std::vector<Sequence>> tasks = IssuedFrom(from, scanned_to);
  TB_ASSIGN_OR_RETURN(const Sequence risen, store_.Floor(state_.shard));
  // What was dropped under our eyes, and is held, must not be passed over.
  return risen <= from ? tasks : HeldFrom(from, risen, scanned_to);
}

absl::StatusOr<TaskRecordPtr> Catalog::LoadIfPasses(Sequence task, std::string_view name_space,
                                                    const TaskFilter& filter, TimeMs now) const {
  absl::StatusOr<TaskRecordPtr> issued = LoadIssued(task);
  if (absl::IsNotFound(issued.status())) return nullptr;  // dropped meanwhile
  TB_RETURN_IF_ERROR(issued.status());
  if ((*issued)->issued.name_space != name_space || !PassesIssued(filter, (*issued)->issued, now)) return nullptr;
  absl::StatusOr<Located> located = LocateAny(task);
  if (absl::IsNotFound(located.status())) return nullptr;  // not kept any more
  TB_RETURN_IF_ERROR(located.status());
  absl::StatusOr<TaskRecordPtr> record = Load(*located);
  if (absl::IsNotFound(record.status())) {
    // An outcome that is not on disk yet is none yet.
    TB_ASSIGN_OR_RETURN(const Sequence last, store_.LastSequence(state_.shard));
    if (located->outcome_at > last) record = std::move(issued);
  }
  if (absl::IsNotFound(record.status())) return nullptr;
  TB_RETURN_IF_ERROR(record.status());
  return PassesState(filter, (*record)->state) ? std::move(record) : nullptr;
}

absl::StatusOr<Candidates> Catalog::TaskCandidates(const TaskFilter& filter, Sequence from) const {
  Candidates found;
  if (filter.OnlyWaiting()) {
    found.places = WaitingFrom(from, kExaminedPerCall);
    if (found.places.size() == kExaminedPerCall) found.beyond = found.places.back() + 1;
    return found;
  }
  TB_ASSIGN_OR_RETURN(found.places, KeptFrom(from, found.beyond));
  return found;
}

absl::StatusOr<std::vector<TaskRecordPtr>> Catalog::List(std::string_view name_space, const TaskFilter& filter,
                                                         Candidates& candidates, size_t size, TimeMs now) const {
  std::vector<TaskRecordPtr> tasks;
  while (!candidates.done() && tasks.size() < size) {
    TB_ASSIGN_OR_RETURN(TaskRecordPtr task, LoadIfPasses(candidates.Take(), name_space, filter, now));
    if (task != nullptr) tasks.push_back(std::move(task));
  }
  return tasks;
}

// --- Changes ---

namespace {

struct Touched {
  Change::Kind kind;
  Sequence task;
  TimeMs time;
};

std::optional<Touched> TouchedBy(Sequence sequence, const storage::LogEntry& entry) {
  using Kind = Change::Kind;
  if (auto* issued = std::get_if<storage::IssuedEntry>(&entry)) return Touched{Kind::kIssued, sequence, issued->time};
  if (auto* end = std::get_if<storage::ResolvedEntry>(&entry)) return Touched{Kind::kResolved, end->task, end->time};
  if (auto* moved = std::get_if<storage::DeadlineChangedEntry>(&entry))
    return Touched{Kind::kDeadlineChanged, moved->task, moved->time};
  if (auto* asked = std::get_if<storage::CancelRequestedEntry>(&entry))
    return Touched{Kind::kCancelRequested, asked->task, asked->time};
  if (auto* note = std::get_if<storage::ProgressEntry>(&entry)) return Touched{Kind::kProgress, note->task, note->time};
  return std::nullopt;  // parked outcomes are nobody's task yet
}

}  // namespace

absl::StatusOr<std::optional<Change>> Catalog::ChangeFrom(const storage::LogRecord& record,
                                                          std::string_view name_space) const {
  TB_ASSIGN_OR_RETURN(storage::LogEntry entry, storage::DecodeEntry(record.bytes));
  const std::optional<Touched> touched = TouchedBy(record.sequence, entry);
  if (!touched.has_value()) return std::optional<Change>();
  absl::StatusOr<TaskRecordPtr> task = LoadIssued(touched->task);
  if (absl::IsNotFound(task.status())) return std::optional<Change>();
  TB_RETURN_IF_ERROR(task.status());
  if ((*task)->issued.name_space != name_space) return std::optional<Change>();
  TaskRecord& left = **task;
  if (touched->kind == Change::Kind::kResolved) {
    left.outcome_bytes.assign(record.bytes.data(), record.bytes.size());
    TB_ASSIGN_OR_RETURN(const storage::ResolvedEntry outcome, storage::DecodeResolved(left.outcome_bytes));
    SetOutcome(left, outcome);
  } else if (auto* moved = std::get_if<storage::DeadlineChangedEntry>(&entry)) {
    SetStanding(left, moved->deadline, moved->cancel_requested);
  } else if (auto* asked = std::get_if<storage::CancelRequestedEntry>(&entry)) {
    SetStanding(left, asked->deadline, true);
  } else if (auto* note = std::get_if<storage::ProgressEntry>(&entry)) {
    left.progress = note->details;
    left.progress_at = note->time;
    SetStanding(left, note->deadline, note->cancel_requested);
  }
  return std::optional<Change>(Change{touched->kind, record.sequence, touched->time, std::move(*task)});
}

// Whether the place was behind the end of the backup that was restored: what was told up to it is not so any more.
absl::StatusOr<bool> Catalog::WasUndone(Sequence place) const {
  if (place == 0 || storage::EpochOf(place) == store_.identity().epoch) return false;
  const absl::Status there = store_.Read(state_.shard, place).status();
  if (!absl::IsNotFound(there)) return there.ok() ? absl::StatusOr<bool>(false) : there;
  TB_ASSIGN_OR_RETURN(const Sequence floor, store_.Floor(state_.shard));
  return place + 1 != floor;
}

absl::StatusOr<ChangePage> Catalog::Changes(std::string_view name_space, const TaskFilter& filter, Sequence after,
                                            Sequence committed, size_t size, TimeMs now) const {
  TB_ASSIGN_OR_RETURN(const Sequence floor, store_.Floor(state_.shard));
  if (after + 1 < floor) return absl::OutOfRangeError("the changes behind the cursor are kept no longer");
  TB_ASSIGN_OR_RETURN(const bool undone, WasUndone(after));
  if (undone) return absl::OutOfRangeError("the cursor is from after the backup that was restored");
  ChangePage page;
  page.read_to = after;
  size_t examined = 0;
  absl::Status trouble;
  TB_RETURN_IF_ERROR(store_.Scan(state_.shard, after + 1, [&](const storage::LogRecord& record) {
    if (record.sequence > committed || page.changes.size() == size || examined++ == kExaminedPerCall) return false;
    absl::StatusOr<std::optional<Change>> change = ChangeFrom(record, name_space);
    if (!change.ok()) {
      trouble = change.status();
      return false;
    }
    page.read_to = record.sequence;
    if (!change->has_value()) return true;
    const TaskRecord& task = *(*change)->task;
    if (PassesIssued(filter, task.issued, now) && PassesState(filter, task.state))
      page.changes.push_back(std::move(**change));
    return true;
  }));
  TB_RETURN_IF_ERROR(trouble);
  return page;
}

// --- Deliveries ---

bool DeliveryFilter::Wants(DeliveryState state) const {
  if (states.empty()) return state == DeliveryState::kPending || state == DeliveryState::kDeadLettered;
  return std::find(states.begin(), states.end(), state) != states.end();
}

bool DeliveryFilter::OnlyOpen() const {
  return std::all_of(states.begin(), states.end(), [](DeliveryState state) {
    return state == DeliveryState::kPending || state == DeliveryState::kDeadLettered;
  });
}

absl::StatusOr<TaskRecordPtr> Catalog::LoadOutcomeAt(Sequence outcome_at) const {
  TB_ASSIGN_OR_RETURN(std::string bytes, store_.Read(state_.shard, outcome_at));
  TB_ASSIGN_OR_RETURN(const storage::ResolvedEntry outcome, storage::DecodeResolved(bytes));
  TB_ASSIGN_OR_RETURN(TaskRecordPtr record, LoadIssued(outcome.task));
  TB_RETURN_IF_ERROR(TakeOutcome(*record, outcome_at, std::move(bytes)));
  return record;
}

OwedPage Catalog::Owed(const DeliveryFilter& filter, Sequence from, size_t size) const {
  OwedPage page;
  size_t examined = 0;
  std::lock_guard<std::mutex> lock(mutex_);
  state_.outbox.VisitFrom(from, [&](Sequence outcome, const OwedDelivery& owed) {
    if (page.outcomes.size() == size || examined++ == kExaminedPerCall) {
      page.next = outcome;
      return false;
    }
    const LaneTable::Lane& lane = state_.lanes[owed.lane];
    if (!filter.Wants(owed.dead ? DeliveryState::kDeadLettered : DeliveryState::kPending)) return true;
    if (!filter.target.empty() && state_.lanes.TargetName(lane.target) != filter.target) return true;
    if (!filter.name_space.empty() && state_.namespaces[lane.name_space].name != filter.name_space) return true;
    page.outcomes.push_back(outcome);
    return true;
  });
  return page;
}

absl::StatusOr<OwedPage> Catalog::OwedInLog(const DeliveryFilter& filter, Sequence from) const {
  OwedPage page;
  size_t examined = 0;
  absl::Status trouble;
  TB_RETURN_IF_ERROR(store_.Scan(state_.shard, from, [&](const storage::LogRecord& record) {
    if (examined++ == kExaminedPerCall) {
      page.next = record.sequence;
      return false;
    }
    if (storage::PeekEntryType(record.bytes) != storage::EntryType::kResolved) return true;
    const absl::StatusOr<storage::ResolvedEntry> outcome = storage::DecodeResolved(record.bytes);
    trouble = outcome.status();
    if (!outcome.ok()) return false;
    if (outcome->target.empty() || (!filter.target.empty() && outcome->target != filter.target)) return true;
    if (!filter.name_space.empty() && outcome->name_space != filter.name_space) return true;
    page.outcomes.push_back(record.sequence);
    return true;
  }));
  TB_RETURN_IF_ERROR(trouble);
  return page;
}

absl::StatusOr<Candidates> Catalog::DeliveryCandidates(const DeliveryFilter& filter, Sequence from) const {
  OwedPage found;
  if (filter.OnlyOpen()) {
    found = Owed(filter, from, kExaminedPerCall);
  } else {
    TB_ASSIGN_OR_RETURN(found, OwedInLog(filter, from));
  }
  return Candidates{std::move(found.outcomes), found.next};
}

absl::StatusOr<std::vector<TaskRecordPtr>> Catalog::Deliveries(const DeliveryFilter& filter, Candidates& candidates,
                                                               size_t size) const {
  std::vector<TaskRecordPtr> tasks;
  while (!candidates.done() && tasks.size() < size) {
    absl::StatusOr<TaskRecordPtr> record = LoadOutcomeAt(candidates.Take());
    if (absl::IsNotFound(record.status())) continue;  // not on disk yet, or dropped meanwhile
    TB_RETURN_IF_ERROR(record.status());
    if (filter.Wants((*record)->delivery->state)) tasks.push_back(*std::move(record));
  }
  return tasks;
}

}  // namespace tokenbroker::broker
