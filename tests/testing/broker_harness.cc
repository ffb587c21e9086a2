#include "tests/testing/broker_harness.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace tokenbroker::broker {
namespace {

template <typename Result>
void TakeRefusal(const Refusal& refusal, bool answered, Result& result) {
  result.answered = answered;
  result.reason = refusal.reason;
  result.message = refusal.message;
  result.field = refusal.field;
  result.retry_after = refusal.retry_after;
}

}  // namespace

KeyRing TestKeys(uint8_t id) {
  TokenKey key{id};
  for (size_t i = 0; i < key.secret.size(); ++i) key.secret[i] = static_cast<uint8_t>(i * 7 + id);
  return *KeyRing::Create({key});
}

const Principal& Anybody() {
  static const Principal principal{"anonymous", kAllRights, {}};
  return principal;
}

const Principal& Nobody() {
  static const Principal principal{"token", 0, {}};
  return principal;
}

TaskAddress Ref::AddressIn(const Broker& broker) const {
  switch (kind_) {
    case Kind::kToken:
      return broker.AddressOfToken(text_);
    case Kind::kId:
      return broker.AddressOfId(text_);
    case Kind::kKey:
      return broker.AddressOfKey(name_space_, text_);
  }
  return {};
}

BrokerHarness::BrokerHarness(Settings settings) : settings_(std::move(settings)) { Open(); }

BrokerHarness::~BrokerHarness() = default;

void BrokerHarness::Open() {
  broker_ = nullptr;
  failure_.reset();
  executor_ = std::make_unique<ManualExecutor>();
  background_ = std::make_unique<ManualExecutor>();
  store_ = std::make_unique<storage::MemoryStore>(disk_);
  absl::StatusOr<std::unique_ptr<Broker>> opened =
      Broker::Open({settings_.limits, settings_.retention, settings_.checkpoint},
                   {*store_, codec_, clock_, *executor_, *executor_, *background_, *observer,
                    [this](absl::Status status) { failure_ = std::move(status); }});
  EXPECT_TRUE(opened.ok()) << opened.status();
  if (opened.ok()) broker_ = *std::move(opened);
}

// --- Calls ---

void BrokerHarness::Ask(Operation& operation) {
  operation.principal = caller;
  broker_->Ask(operation);
  Run();
}

void BrokerHarness::Run() {
  bool moved = true;
  while (moved && !failure_.has_value()) {
    moved = broker_->RunOnce();
    while (executor_->RunOne()) moved = true;
    while (background_->RunOne()) moved = true;
  }
}

Issued BrokerHarness::Issue(const NewTask& task) {
  Call<IssueOperation> call;
  IssueRequest& request = call.op.request;
  request.name_space = task.name_space;
  request.request_id = task.request_id;
  request.correlation_key = task.correlation_key;
  request.attempt = task.attempt;
  request.target = task.target;
  request.timeout = task.timeout.count();
  request.heartbeat_timeout = task.heartbeat_timeout.count();
  request.summary = task.summary;
  for (const auto& [name, value] : task.labels) request.labels.push_back({name, value});
  request.input = task.input;
  request.upstream_token = task.upstream_token;
  request.output_schema = task.output_schema;
  for (const std::string& error : task.allowed_errors) request.allowed_errors.push_back(error);
  broker_->Prepare(call.op);
  Ask(call.op);
  Issued issued;
  TakeRefusal(call.op.refusal, call.answered, issued);
  if (!issued.ok()) return issued;
  issued.task = call.op.task;
  issued.token = broker_->TokenOf(call.op.task);
  issued.id = broker_->IdOf(call.op.task);
  issued.deadline = call.op.deadline;
  issued.state = call.op.state;
  issued.replayed = call.op.replayed;
  issued.superseded = call.op.superseded;
  return issued;
}

Settled BrokerHarness::Settle(const Ref& task, TaskState state, std::string_view output, std::string_view error,
                              std::string_view cause, DurationMs park_for, bool dry_run) {
  Call<ResolveOperation> call;
  call.op.address = task.AddressIn(*broker_);
  call.op.state = state;
  call.op.output = output;
  call.op.error = error;
  call.op.cause = cause;
  call.op.park_for = park_for;
  call.op.dry_run = dry_run;
  Ask(call.op);
  Settled settled;
  TakeRefusal(call.op.refusal, call.answered, settled);
  settled.verdict = call.op.verdict;
  settled.task = call.op.task;
  if (call.op.recorded != nullptr) settled.recorded = *call.op.recorded;
  return settled;
}

Settled BrokerHarness::SucceedIfKnown(const Ref& task, std::string_view output) {
  return Settle(task, TaskState::kSucceeded, output, "", "", -1);
}

Settled BrokerHarness::Park(const Ref& task, std::string_view output, Millis park_for) {
  return Settle(task, TaskState::kSucceeded, output, "", "", park_for.count());
}

Settled BrokerHarness::Peek(const Ref& task, TaskState state, std::string_view output_or_error) {
  const bool succeeds = state == TaskState::kSucceeded;
  return Settle(task, state, succeeds ? output_or_error : "", succeeds ? "" : output_or_error, "", 0, true);
}

Beaten BrokerHarness::Beat(const Ref& task, std::string_view progress) {
  Call<HeartbeatOperation> call;
  call.op.address = task.AddressIn(*broker_);
  call.op.progress = progress;
  Ask(call.op);
  Beaten beaten;
  TakeRefusal(call.op.refusal, call.answered, beaten);
  beaten.cancel_requested = call.op.cancel_requested;
  beaten.next_due = call.op.next_due;
  beaten.remaining = call.op.remaining;
  beaten.heartbeat_timeout = call.op.heartbeat_timeout;
  if (call.op.recorded != nullptr) beaten.recorded = *call.op.recorded;
  return beaten;
}

Changed BrokerHarness::Cancel(const Ref& task, std::string_view reason, Millis grace) {
  Call<CancelOperation> call;
  call.op.address = task.AddressIn(*broker_);
  call.op.reason = reason;
  call.op.grace = grace.count();
  Ask(call.op);
  Changed changed;
  TakeRefusal(call.op.refusal, call.answered, changed);
  changed.task = call.op.task;
  if (call.op.recorded != nullptr) changed.recorded = *call.op.recorded;
  return changed;
}

Changed BrokerHarness::Extend(const Ref& task, Millis timeout) {
  Call<ExtendOperation> call;
  call.op.address = task.AddressIn(*broker_);
  call.op.timeout = timeout.count();
  Ask(call.op);
  Changed changed;
  TakeRefusal(call.op.refusal, call.answered, changed);
  changed.task = call.op.task;
  if (call.op.recorded != nullptr) changed.recorded = *call.op.recorded;
  return changed;
}

Seen BrokerHarness::Get(const Ref& task) {
  Call<LocateOperation> call;
  call.op.address = task.AddressIn(*broker_);
  Ask(call.op);
  Seen seen;
  TakeRefusal(call.op.refusal, call.answered, seen);
  if (!seen.ok()) return seen;
  absl::StatusOr<TaskRecordPtr> loaded = broker_->Load(call.op.located);
  if (!loaded.ok()) {
    seen.reason = absl::IsNotFound(loaded.status()) ? Reason::kTaskUnknown : Reason::kInternal;
    return seen;
  }
  const TaskRecord& record = **loaded;
  seen.task = record.task;
  seen.state = record.state;
  seen.input = record.issued.input;
  seen.progress = record.progress;
  seen.deadline = record.deadline;
  seen.attempt = record.issued.attempt;
  seen.cancel_requested = record.cancel_requested;
  if (!record.outcome.has_value()) return seen;
  seen.outcome_at = record.outcome_at;
  seen.delivery = record.delivery;
  seen.output = record.outcome->output;
  seen.error = record.outcome->error;
  seen.cause = record.outcome->cause;
  seen.resolved_by = record.outcome->resolved_by;
  seen.resolved_at = record.outcome->time;
  seen.due = record.outcome->due;
  return seen;
}

std::vector<Sequence> BrokerHarness::List(const TaskFilter& filter, std::string_view name_space, size_t page_size) {
  std::vector<Sequence> all;
  Sequence from = 0;
  do {
    absl::StatusOr<Candidates> candidates = broker_->TaskCandidates(filter, from);
    EXPECT_TRUE(candidates.ok()) << candidates.status();
    if (!candidates.ok()) break;
    const auto page = broker_->List(name_space, filter, *candidates, page_size);
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) break;
    for (const TaskRecordPtr& task : *page) all.push_back(task->task);
    from = candidates->next();
  } while (from != 0);
  return all;
}

std::vector<Change> BrokerHarness::Changes(Sequence after, std::string_view name_space) {
  std::vector<Change> all;
  while (after < broker_->committed()) {
    absl::StatusOr<ChangePage> page = broker_->Changes(name_space, {}, after, 100);
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok() || page->read_to == after) break;
    std::move(page->changes.begin(), page->changes.end(), std::back_inserter(all));
    after = page->read_to;
  }
  return all;
}

std::unique_ptr<Call<AwaitOperation>> BrokerHarness::BeginAwait(const Ref& task, Millis limit) {
  auto call = std::make_unique<Call<AwaitOperation>>();
  call->op.address = task.AddressIn(*broker_);
  call->op.limit = limit.count();
  Ask(call->op);
  return call;
}

// --- Deliveries ---

std::vector<Sequence> BrokerHarness::TakeOwed(std::string_view target, size_t max) {
  std::vector<Sequence> outcomes;
  for (const Broker::Owed& owed : broker_->TakeOwed(target, max)) outcomes.push_back(owed.outcome);
  return outcomes;
}

Answer BrokerHarness::Note(Sequence outcome, DeliveryState state, std::string_view code, uint32_t tries) {
  Call<DeliveryOperation> call;
  call.op.outcome = outcome;
  call.op.state = state;
  call.op.code = code;
  call.op.tries = tries;
  Ask(call.op);
  Answer answer;
  TakeRefusal(call.op.refusal, call.answered, answer);
  return answer;
}

std::vector<Sequence> BrokerHarness::Deliveries(const DeliveryFilter& filter, size_t page_size) {
  std::vector<Sequence> all;
  Sequence from = 0;
  do {
    absl::StatusOr<Candidates> candidates = broker_->DeliveryCandidates(filter, from);
    EXPECT_TRUE(candidates.ok()) << candidates.status();
    if (!candidates.ok()) break;
    const auto page = broker_->Deliveries(filter, *candidates, page_size);
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) break;
    for (const TaskRecordPtr& task : *page) all.push_back(task->outcome_at);
    from = candidates->next();
  } while (from != 0);
  return all;
}

std::unique_ptr<Call<AwaitOperation>> BrokerHarness::BeginAwaitDelivery(Sequence outcome, Millis limit) {
  auto call = std::make_unique<Call<AwaitOperation>>();
  call->op.delivery_of = outcome;
  call->op.limit = limit.count();
  Ask(call->op);
  return call;
}

// --- Time and trouble ---

void BrokerHarness::Advance(Millis by) {
  clock_.Advance(by.count());
  Run();
}

void BrokerHarness::Restart() {
  Run();
  broker_->StopCommitter();
  EXPECT_TRUE(broker_->TakeLastCheckpoint().ok());
  Open();
}

void BrokerHarness::Crash() { CrashFor(0ms); }

void BrokerHarness::CrashFor(Millis downtime) {
  disk_->Crash();
  clock_.Advance(downtime.count());
  Open();
}

void BrokerHarness::TakeCheckpoint() {
  Run();
  EXPECT_TRUE(broker_->TakeLastCheckpoint().ok());
}

}  // namespace tokenbroker::broker
