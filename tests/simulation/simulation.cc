#include "tests/simulation/simulation.h"

#include <algorithm>
#include <cstdio>
#include <list>
#include <random>

#include "absl/strings/str_cat.h"
#include "server/forward/forwarder.h"
#include "tests/simulation/far_side.h"
#include "tests/simulation/model.h"
#include "tests/testing/broker_harness.h"

namespace tokenbroker::broker {
namespace {

using storage::MemoryFate;
using storage::MemoryWrite;

constexpr DurationMs kSecond = 1000;
constexpr DurationMs kMinute = 60 * kSecond;
constexpr DurationMs kHour = 60 * kMinute;
constexpr const char* kNumbersSchema = R"({"type":"number"})";
constexpr const char* kNamespaces[] = {"orders", "loans"};
constexpr const char* kTargets[] = {"states", "engine"};

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  uint64_t Below(uint64_t n) { return engine_() % n; }
  bool Chance(int percent) { return Below(100) < static_cast<uint64_t>(percent); }
  DurationMs Between(DurationMs low, DurationMs high) { return low + static_cast<DurationMs>(Below(high - low + 1)); }
  template <typename T>
  T OneOf(std::initializer_list<T> values) {
    return values.begin()[Below(values.size())];
  }

 private:
  std::mt19937_64 engine_;
};

class Trace {
 public:
  void Add(std::string_view bytes) {
    for (unsigned char c : bytes) hash_ = (hash_ ^ c) * 0x100000001b3;
  }
  void Add(uint64_t number) { Add(std::string_view(reinterpret_cast<const char*>(&number), sizeof number)); }
  uint64_t hash() const { return hash_; }

 private:
  uint64_t hash_ = 0xcbf29ce484222325;
};

Settings RandomSettings(Random& random) {
  Settings settings;
  settings.checkpoint.entries = random.Between(10, 200);
  settings.checkpoint.interval = random.OneOf<DurationMs>({5 * kSecond, kMinute, 10 * kMinute});
  settings.retention.resolved = random.OneOf<DurationMs>({kMinute, 10 * kMinute, 2 * kHour});
  settings.retention.hold_after = random.OneOf<DurationMs>({kSecond, 30 * kSecond, 5 * kMinute});
  if (random.Chance(25)) settings.limits.expiries_per_commit = random.Between(1, 5);
  if (random.Chance(25)) settings.limits.open_tasks_per_namespace = random.Between(3, 30);
  if (random.Chance(25)) settings.limits.parked_per_namespace = random.Between(1, 3);
  if (random.Chance(25)) settings.limits.awaits = random.Between(1, 5);
  return settings;
}

class Simulation;

// A call on its way. Owns what the operation's views point to.
class Asked : public Submission {
 public:
  Asked(Simulation& simulation, Wish wish) : Submission(1), simulation(simulation), wish(std::move(wish)) {}

  Simulation& simulation;
  const Wish wish;
  std::string token;
  // Destroys the kind of operation that it was made with.
  std::shared_ptr<Operation> operation;
  Moment asked;
  // Of an await: when it began to wait; 0 if it does not.
  TimeMs waits_since = 0;
  bool answered = false;

 private:
  void Done() override;
};

class Simulation {
 public:
  Simulation(uint64_t seed, bool verbose);
  SimulationReport Run(int steps);
  void Answered(Asked& asked);

 private:
  // --- What clients do ---
  void AskSome();
  Wish RandomWish();
  Wish RandomIssue();
  Wish RandomResolve();
  void NameTask(Wish& wish);
  void Ask(Wish wish);
  void Prepare(Asked& asked);
  Reply ReplyTo(Asked& asked);
  void CancelSomeAwait();

  // --- What the broker does ---
  void RunRound();
  void RunJobs();
  void RunForwarder();
  void OpenForwarder();
  void Quiesce();

  // --- What happens to it ---
  void PassTime();
  void Crash();
  void Restart();
  void Reopen();
  void Recall();
  bool Names(const Wish& wish, Sequence task);
  void RecallEntry(Sequence sequence, const storage::LogEntry& entry);
  MemoryFate NextFate(MemoryWrite write);

  // --- What is checked ---
  void ReadStreams();
  void CheckAwaits();
  void CheckLists();
  void CheckEverything();
  void CheckNothingLeaks();
  void CheckDeliveries();
  void Say(const std::string& what);

  Random random_;
  const bool verbose_;
  const Settings settings_;
  BrokerHarness harness_;
  Model model_;
  Trace trace_;
  SimulationReport report_;
  FarSide far_side_;
  forward::Observer silent_;
  std::unique_ptr<forward::Forwarder> forwarder_;
  std::list<Asked> asked_;
  std::vector<Asked*> answered_awaits_;
  // Calls whose reply never came, and may have taken effect.
  std::vector<Wish> lost_;
  Sequence cursors_[2] = {0, 0};
  // The log up to here was seen by the model.
  Sequence recalled_ = 0;
  int trouble_percent_ = 0;
  uint64_t next_name_ = 1;
  TimeMs started_at_ = 0;
  bool draining_ = false;
};

void Asked::Done() { simulation.Answered(*this); }

Simulation::Simulation(uint64_t seed, bool verbose)
    : random_(seed),
      verbose_(verbose),
      settings_(RandomSettings(random_)),
      harness_(settings_),
      model_(settings_.limits, settings_.retention),
      far_side_([this](uint64_t n) { return random_.Below(n); }),
      started_at_(harness_.now()) {
  trouble_percent_ = random_.OneOf({0, 0, 1, 5});
  model_.lags = settings_.limits.expiries_per_commit < 100;
  OpenForwarder();
  harness_.disk().SetFaultHook([this](MemoryWrite write, storage::ShardId, uint64_t) { return NextFate(write); });
}

void Simulation::Say(const std::string& what) {
  if (verbose_) std::printf("[%+9.3f s] %s\n", (harness_.now() - started_at_) / 1000.0, what.c_str());
}

// --- What clients do ---

Wish Simulation::RandomIssue() {
  Wish wish;
  wish.kind = Operation::Kind::kIssue;
  wish.name_space = kNamespaces[random_.Below(2)];
  if (random_.Chance(60))
    wish.request_id = absl::StrCat("r", random_.Chance(80) ? next_name_ : random_.Below(next_name_));
  if (random_.Chance(60)) wish.key = absl::StrCat("k", random_.Below(6));
  if (random_.Chance(15)) wish.upstream = absl::StrCat("upstream-", random_.Below(4));
  wish.attempt = random_.OneOf({0, 0, 1, 2, 3});
  wish.timeout =
      random_.OneOf<DurationMs>({kMinTimeout, 50, kSecond, 20 * kSecond, 5 * kMinute, 3 * kHour, 40 * kHour});
  if (random_.Chance(40))
    wish.heartbeat_timeout =
        std::min(wish.timeout, random_.OneOf<DurationMs>({10, kSecond, 10 * kSecond, kMinute, kHour}));
  wish.numbers_only = random_.Chance(20);
  if (random_.Chance(10)) wish.only_error = "E1";
  if (random_.Chance(50)) wish.target = kTargets[random_.Below(2)];
  wish.input = absl::StrCat(next_name_++);
  return wish;
}

Wish Simulation::RandomResolve() {
  Wish wish;
  wish.kind = Operation::Kind::kResolve;
  NameTask(wish);
  if (random_.Chance(70)) {
    wish.output = random_.OneOf({"1", "2", "\"three\""});
  } else {
    wish.state = TaskState::kFailed;
    wish.error = random_.OneOf({"E1", "E2", ""});
    wish.cause = random_.OneOf({"", "because"});
  }
  wish.park_for = random_.OneOf<DurationMs>({-1, 0, 100, 30 * kSecond});
  wish.dry_run = random_.Chance(10);
  return wish;
}

// Mostly a task of late, by any of its names; sometimes one that nobody knows.
void Simulation::NameTask(Wish& wish) {
  wish.name_space = kNamespaces[random_.Below(2)];
  wish.naming = random_.OneOf({Wish::Naming::kToken, Wish::Naming::kToken, Wish::Naming::kToken, Wish::Naming::kId,
                               Wish::Naming::kKey, Wish::Naming::kKey, Wish::Naming::kUpstream, Wish::Naming::kForged});
  wish.key = absl::StrCat("k", random_.Below(6));
  wish.upstream = absl::StrCat("upstream-", random_.Below(4));
  const auto& tasks = model_.tasks();
  if (wish.naming == Wish::Naming::kForged || tasks.empty()) {
    wish.naming = tasks.empty() ? Wish::Naming::kForged : wish.naming;
    return;
  }
  auto task = std::prev(tasks.end());
  const uint64_t back = random_.Chance(90) ? random_.Below(12) : random_.Below(200);
  for (uint64_t i = 0; i < back && task != tasks.begin(); ++i) --task;
  wish.task = task->first;
}

Wish Simulation::RandomWish() {
  if (!lost_.empty() && random_.Chance(50)) {
    Wish wish = std::move(lost_.back());
    lost_.pop_back();
    return wish;
  }
  Wish wish;
  const uint64_t dice = random_.Below(100);
  if (dice < 30) return RandomIssue();
  if (dice < 55) return RandomResolve();
  NameTask(wish);
  if (dice < 75) {
    wish.kind = Operation::Kind::kHeartbeat;
    if (random_.Chance(30)) wish.progress = absl::StrCat(next_name_++);
  } else if (dice < 80) {
    wish.kind = Operation::Kind::kCancel;
    wish.cause = random_.OneOf({"", "no longer"});
    if (random_.Chance(50)) wish.grace = random_.OneOf<DurationMs>({100, 10 * kSecond, kHour});
  } else if (dice < 85) {
    wish.kind = Operation::Kind::kExtend;
    wish.timeout = random_.OneOf<DurationMs>({kMinTimeout, kSecond, kMinute, kHour, 50 * kHour});
  } else if (dice < 92) {
    wish.kind = Operation::Kind::kLocate;
  } else {
    wish.kind = Operation::Kind::kAwait;
    wish.limit = random_.OneOf<DurationMs>({0, 100, 30 * kSecond, kHour});
  }
  return wish;
}

void Simulation::Prepare(Asked& asked) {
  const Wish& wish = asked.wish;
  const auto address = [&]() {
    switch (wish.naming) {
      case Wish::Naming::kToken:
        asked.token = harness_.broker().TokenOf(wish.task);
        return harness_.broker().AddressOfToken(asked.token);
      case Wish::Naming::kId:
        return harness_.broker().AddressOfId(harness_.broker().IdOf(wish.task));
      case Wish::Naming::kKey:
        return harness_.broker().AddressOfKey(wish.name_space, wish.key);
      case Wish::Naming::kUpstream:
        return harness_.broker().AddressOfToken(wish.upstream);
      case Wish::Naming::kForged:
        asked.token = std::string("T1") + std::string(kTokenLength - 2, 'x');
        return harness_.broker().AddressOfToken(asked.token);
    }
    return TaskAddress();
  };
  switch (wish.kind) {
    case Operation::Kind::kIssue: {
      auto issue = std::make_shared<IssueOperation>();
      IssueRequest& request = issue->request;
      request.name_space = wish.name_space;
      request.request_id = wish.request_id;
      request.correlation_key = wish.key;
      request.upstream_token = wish.upstream;
      request.attempt = wish.attempt;
      request.timeout = wish.timeout;
      request.heartbeat_timeout = wish.heartbeat_timeout;
      request.input = wish.input;
      request.target = wish.target;
      if (wish.numbers_only) request.output_schema = kNumbersSchema;
      if (!wish.only_error.empty()) request.allowed_errors = {wish.only_error};
      harness_.broker().Prepare(*issue);
      asked.operation = std::move(issue);
      break;
    }
    case Operation::Kind::kResolve: {
      auto resolve = std::make_shared<ResolveOperation>();
      resolve->address = address();
      resolve->state = wish.state;
      resolve->output = wish.output;
      resolve->error = wish.error;
      resolve->cause = wish.cause;
      resolve->park_for = wish.park_for;
      resolve->dry_run = wish.dry_run;
      asked.operation = std::move(resolve);
      break;
    }
    case Operation::Kind::kHeartbeat: {
      auto beat = std::make_shared<HeartbeatOperation>();
      beat->address = address();
      beat->progress = wish.progress;
      asked.operation = std::move(beat);
      break;
    }
    case Operation::Kind::kCancel: {
      auto cancel = std::make_shared<CancelOperation>();
      cancel->address = address();
      cancel->reason = wish.cause;
      cancel->grace = wish.grace;
      asked.operation = std::move(cancel);
      break;
    }
    case Operation::Kind::kExtend: {
      auto extend = std::make_shared<ExtendOperation>();
      extend->address = address();
      extend->timeout = wish.timeout;
      asked.operation = std::move(extend);
      break;
    }
    case Operation::Kind::kLocate: {
      auto locate = std::make_shared<LocateOperation>();
      locate->address = address();
      asked.operation = std::move(locate);
      break;
    }
    case Operation::Kind::kDelivery:
      break;  // the forwarder's
    case Operation::Kind::kAwait: {
      auto await = std::make_shared<AwaitOperation>();
      await->address = address();
      await->limit = wish.limit;
      asked.operation = std::move(await);
      break;
    }
  }
  asked.operation->submission = &asked;
  asked.operation->principal = &Anybody();
}

void Simulation::Ask(Wish wish) {
  Asked& asked = asked_.emplace_back(*this, std::move(wish));
  Prepare(asked);
  asked.asked = model_.MomentAt(harness_.now());
  ++report_.calls;
  if (random_.Chance(70) && harness_.broker().TryNow(*asked.operation)) {
    asked.waits_since = harness_.now();
    return;
  }
  harness_.broker().Submit(*asked.operation);
}

void Simulation::AskSome() {
  for (uint64_t i = random_.Below(5) + 1; i > 0; --i) {
    Wish wish = RandomWish();
    // Two at once: a race, or a repetition.
    if (random_.Chance(10)) Ask(wish);
    if (wish.kind == Operation::Kind::kResolve && random_.Chance(15)) {
      Wish rival = wish;
      rival.output = rival.state == TaskState::kSucceeded ? "4" : "";
      Ask(rival);
    }
    Ask(std::move(wish));
  }
}

Reply Simulation::ReplyTo(Asked& asked) {
  Reply reply;
  reply.reason = asked.operation->refusal.reason;
  switch (asked.wish.kind) {
    case Operation::Kind::kIssue: {
      const auto& issue = static_cast<const IssueOperation&>(*asked.operation);
      reply.task = issue.task;
      reply.superseded = issue.superseded;
      reply.replayed = issue.replayed;
      reply.state = issue.state;
      reply.deadline = issue.deadline;
      break;
    }
    case Operation::Kind::kResolve: {
      const auto& resolve = static_cast<const ResolveOperation&>(*asked.operation);
      reply.verdict = resolve.verdict;
      reply.task = resolve.task;
      reply.recorded = resolve.recorded;
      break;
    }
    case Operation::Kind::kHeartbeat: {
      const auto& beat = static_cast<const HeartbeatOperation&>(*asked.operation);
      reply.task = beat.task;
      reply.next_due = beat.next_due;
      reply.remaining = beat.remaining;
      reply.cancel_requested = beat.cancel_requested;
      reply.recorded = beat.recorded;
      break;
    }
    case Operation::Kind::kCancel: {
      const auto& cancel = static_cast<const CancelOperation&>(*asked.operation);
      reply.task = cancel.task;
      reply.recorded = cancel.recorded;
      break;
    }
    case Operation::Kind::kExtend: {
      const auto& extend = static_cast<const ExtendOperation&>(*asked.operation);
      reply.task = extend.task;
      reply.recorded = extend.recorded;
      break;
    }
    case Operation::Kind::kDelivery:
      break;
    case Operation::Kind::kLocate:
      reply.task = static_cast<const LocateOperation&>(*asked.operation).located.task;
      break;
    case Operation::Kind::kAwait:
      reply.task = static_cast<const AwaitOperation&>(*asked.operation).located.task;
      break;
  }
  return reply;
}

// Called in the middle of a round: in the order of the answers, which is the order of the decisions.
void Simulation::Answered(Asked& asked) {
  asked.answered = true;
  Reply reply = ReplyTo(asked);
  trace_.Add(static_cast<uint64_t>(reply.reason) << 32 | static_cast<uint64_t>(reply.verdict) << 16 |
             static_cast<uint64_t>(asked.wish.kind));
  trace_.Add(reply.task);
  if (asked.wish.kind == Operation::Kind::kAwait &&
      (!asked.operation->refusal || asked.operation->refusal.reason == Reason::kDraining)) {
    answered_awaits_.push_back(&asked);
    return;
  }
  TaskRecordPtr record;
  if (asked.wish.kind == Operation::Kind::kLocate && !asked.operation->refusal) {
    absl::StatusOr<TaskRecordPtr> loaded =
        harness_.broker().Load(static_cast<LocateOperation&>(*asked.operation).located);
    if (loaded.ok()) record = *std::move(loaded);
  }
  reply.record = record.get();
  if (verbose_) {
    Say(absl::StrCat("answer to kind ", static_cast<int>(asked.wish.kind), " naming ",
                     static_cast<int>(asked.wish.naming), " task ", asked.wish.task, " key ", asked.wish.key,
                     " request ", asked.wish.request_id, ": reason ", static_cast<int>(reply.reason), " verdict ",
                     static_cast<int>(reply.verdict), " task ", reply.task, " superseded ", reply.superseded, " ",
                     asked.operation->refusal.message));
  }
  const bool fine = model_.wrong().empty();
  model_.Judge(asked.wish, reply, asked.asked, harness_.now());
  if (fine && !model_.wrong().empty()) Say("which is wrong: " + model_.wrong());
}

void Simulation::CancelSomeAwait() {
  for (auto asked = asked_.begin(); asked != asked_.end(); ++asked) {
    if (asked->answered || asked->waits_since == 0 || random_.Chance(50)) continue;
    if (!harness_.broker().CancelAwait(static_cast<AwaitOperation&>(*asked->operation)))
      model_.Wrong("an await that waits cannot be cancelled");
    asked_.erase(asked);
    return;
  }
}

// --- What the broker does ---

void Simulation::RunRound() {
  if (harness_.failure().has_value()) return;
  harness_.broker().RunOnce();
  if (harness_.failure().has_value()) {
    Say("a write failed");
    return Crash();
  }
  ReadStreams();
  CheckAwaits();
  asked_.remove_if([](const Asked& asked) { return asked.answered; });
}

void Simulation::OpenForwarder() {
  std::vector<forward::NamedTarget> targets;
  for (const char* name : kTargets) targets.push_back({name, far_side_.MakeTarget()});
  forward::ScheduleOptions options;
  options.max_age = DurationMs{100} * 365 * 24 * kHour;  // nothing is given up but what is refused
  forwarder_ = std::make_unique<forward::Forwarder>(
      forward::Forwarder::Parts{harness_.broker(), harness_.clock(), silent_,
                                [this] { return static_cast<double>(random_.Below(1001)) / 1000; }},
      options, std::move(targets));
}

void Simulation::RunForwarder() {
  if (random_.Chance(2)) far_side_.set_down(random_.Chance(50));
  if (random_.Chance(70)) forwarder_->RunOnce();
  if (random_.Chance(50)) far_side_.AnswerSome();
}

void Simulation::RunJobs() {
  for (uint64_t i = random_.Below(6); i > 0; --i) {
    random_.Chance(70) ? harness_.executor().RunOne() : harness_.background().RunOne();
  }
}

void Simulation::Quiesce() {
  bool moved = true;
  while (moved && model_.wrong().empty()) {
    const uint64_t crashes = report_.crashes;
    moved = harness_.broker().RunOnce();
    if (harness_.failure().has_value()) Crash();
    while (harness_.executor().RunOne()) moved = true;
    while (harness_.background().RunOne()) moved = true;
    moved |= forwarder_->RunOnce();
    moved |= !far_side_.idle();
    far_side_.AnswerAll();
    moved |= crashes != report_.crashes;
    ReadStreams();
    CheckAwaits();
    asked_.remove_if([](const Asked& asked) { return asked.answered; });
  }
}

// --- What happens to it ---

void Simulation::PassTime() {
  const DurationMs until_due = harness_.broker().NextDue() - harness_.now();
  const uint64_t dice = random_.Below(100);
  DurationMs by = random_.Between(1, 50);
  if (dice < 30) by = random_.Between(1, 5 * kSecond);
  if (dice < 20 && until_due > 0 && until_due < 100 * kHour) by = until_due - (random_.Chance(30) ? 1 : 0);
  if (dice < 6) by = random_.Between(1, 30 * kMinute);
  if (dice < 2) by = random_.Between(1, 60 * kHour);
  harness_.AdvanceUnnoticed(Millis(by));
}

MemoryFate Simulation::NextFate(MemoryWrite write) {
  if (!random_.Chance(trouble_percent_)) return MemoryFate::kSucceeds;
  ++report_.failed_writes;
  return random_.Chance(50) ? MemoryFate::kFailsAndIsLost : MemoryFate::kFailsAndIsKept;
}

void Simulation::Crash() {
  ++report_.crashes;
  harness_.disk().Crash();
  if (random_.Chance(30))
    harness_.AdvanceUnnoticed(Millis(random_.OneOf<DurationMs>({kSecond, 10 * kMinute, 30 * kHour})));
  Reopen();
}

void Simulation::Restart() {
  Say("restart");
  Quiesce();
  if (random_.Chance(50)) {
    draining_ = true;
    harness_.broker().BeginDrain();
    CheckAwaits();
  }
  forwarder_->Stop(0);
  harness_.broker().RunOnce();
  if (harness_.failure().has_value()) return Crash();
  harness_.broker().StopCommitter().IgnoreError();
  // May fail like any write.
  harness_.broker().TakeLastCheckpoint().IgnoreError();
  if (random_.Chance(50)) harness_.AdvanceUnnoticed(Millis(random_.Between(1, kHour)));
  Reopen();
}

void Simulation::Reopen() {
  Say("open");
  lost_.clear();
  for (const Asked& asked : asked_) {
    if (!asked.answered) lost_.push_back(asked.wish);
  }
  std::vector<Sequence> told;
  for (const Asked* asked : answered_awaits_) {
    const auto& await = static_cast<const AwaitOperation&>(*asked->operation);
    if (!await.refusal && await.located.outcome_at != 0) told.push_back(await.located.task);
  }
  forwarder_ = nullptr;
  harness_.Close();
  asked_.clear();
  answered_awaits_.clear();
  // A write that fails while opening ends the start, and the next one is as this one.
  const int trouble = std::exchange(trouble_percent_, 0);
  harness_.Open();
  trouble_percent_ = trouble;
  OpenForwarder();
  draining_ = false;
  harness_.broker().SetDiskFull(model_.disk_full);
  Recall();
  model_.Restarted(harness_.now());
  ReadStreams();
  for (Sequence task : told) {
    if (model_.Find(task)->state == TaskState::kWaiting)
      model_.Wrong(absl::StrCat("somebody was told of an end of task ", task, " that is not on disk"));
  }
}

// What the last round wrote before it died: the calls behind it took effect, although nobody was told.
void Simulation::Recall() {
  absl::Status status = harness_.store().Scan(0, recalled_ + 1, [this](const storage::LogRecord& record) {
    absl::StatusOr<storage::LogEntry> entry = storage::DecodeEntry(record.bytes);
    if (entry.ok()) RecallEntry(record.sequence, *entry);
    return entry.ok();
  });
  if (!status.ok()) model_.Wrong(status.ToString());
}

bool Simulation::Names(const Wish& wish, Sequence task) {
  const ModelTask* known = model_.Find(task);
  if (known == nullptr) return false;
  if (wish.naming == Wish::Naming::kKey)
    return known->issued.name_space == wish.name_space && known->issued.key == wish.key;
  if (wish.naming == Wish::Naming::kUpstream) return known->issued.upstream == wish.upstream;
  return wish.naming != Wish::Naming::kForged && wish.task == task;
}

void Simulation::RecallEntry(Sequence sequence, const storage::LogEntry& entry) {
  const auto take_over = [this](TimeMs time, const Reply& reply, auto is_it) {
    auto wish = std::find_if(lost_.begin(), lost_.end(), is_it);
    if (wish == lost_.end()) return model_.Wrong("the log has a change that nobody asked for");
    // A call whose effect is on disk may still be repeated: its caller does not know.
    model_.Judge(*wish, reply, model_.MomentAt(time), time);
  };
  Reply reply;
  if (auto* issued = std::get_if<storage::IssuedEntry>(&entry)) {
    reply.task = sequence;
    reply.deadline = issued->deadline;
    reply.superseded = issued->supersedes;
    if (model_.IsParked(std::string(issued->name_space), std::string(issued->correlation_key), issued->time)) {
      // Whether it was applied says the next entry.
      absl::StatusOr<std::string> next = harness_.store().Read(0, sequence + 1);
      absl::StatusOr<storage::ResolvedEntry> end = next.ok() ? storage::DecodeResolved(*next) : next.status();
      if (end.ok() && end->task == sequence) reply.state = end->state;
    }
    take_over(issued->time, reply,
              [&](const Wish& wish) { return wish.kind == Operation::Kind::kIssue && wish.input == issued->input; });
  } else if (auto* end = std::get_if<storage::ResolvedEntry>(&entry)) {
    const ModelTask* task = model_.Find(end->task);
    if (task != nullptr && task->state == end->state)
      return;  // the end of a superseded task, or one that a parked outcome ended
    if (end->state == TaskState::kSuperseded) return;  // its successor comes next
    if (end->resolved_by == "broker") return model_.Expire(*end);
    reply.task = end->task;
    reply.verdict = Verdict::kAccepted;
    take_over(end->time, reply, [&](const Wish& wish) {
      const bool names = Names(wish, end->task);
      if (wish.kind == Operation::Kind::kCancel)
        return names && end->state == TaskState::kCancelled && wish.grace == 0 && wish.cause == end->cause;
      return wish.kind == Operation::Kind::kResolve && !wish.dry_run && names && wish.state == end->state &&
             wish.output == end->output && wish.error == end->error && wish.cause == end->cause;
    });
  } else if (auto* moved = std::get_if<storage::DeadlineChangedEntry>(&entry)) {
    reply.task = moved->task;
    take_over(moved->time, reply, [&](const Wish& wish) {
      return wish.kind == Operation::Kind::kExtend && moved->time + wish.timeout == moved->deadline &&
             Names(wish, moved->task);
    });
  } else if (auto* asked = std::get_if<storage::CancelRequestedEntry>(&entry)) {
    reply.task = asked->task;
    take_over(asked->time, reply, [&](const Wish& wish) {
      return wish.kind == Operation::Kind::kCancel && wish.grace > 0 && wish.cause == asked->reason &&
             asked->deadline <= asked->time + wish.grace && Names(wish, asked->task);
    });
  } else if (auto* note = std::get_if<storage::ProgressEntry>(&entry)) {
    ModelTask* task = model_.Find(note->task);
    const auto is_it = [&](const Wish& wish) { return wish.progress == note->details && Names(wish, note->task); };
    if (std::any_of(lost_.begin(), lost_.end(), is_it)) task->progress.insert(std::string(note->details));
  } else if (auto* parked = std::get_if<storage::ParkedEntry>(&entry)) {
    reply.verdict = Verdict::kParked;
    take_over(parked->time, reply, [&](const Wish& wish) {
      return wish.kind == Operation::Kind::kResolve && !wish.dry_run && wish.naming == Wish::Naming::kKey &&
             wish.name_space == parked->name_space && wish.key == parked->correlation_key &&
             wish.output == parked->output && wish.error == parked->error && wish.cause == parked->cause &&
             parked->keep_until == parked->time + (wish.park_for == 0 ? kDefaultParkTime : wish.park_for);
    });
  }
}

// --- What is checked ---

void Simulation::ReadStreams() {
  recalled_ = harness_.broker().committed();
  for (int i = 0; i < 2; ++i) {
    while (cursors_[i] < harness_.broker().committed()) {
      absl::StatusOr<ChangePage> page =
          harness_.broker().Changes(kNamespaces[i], {}, cursors_[i], random_.Below(5) + 1);
      if (!page.ok()) return model_.Wrong(absl::StrCat("reading changes: ", page.status().ToString()));
      if (page->read_to <= cursors_[i]) return model_.Wrong("the stream does not move on");
      for (const Change& change : page->changes) {
        if (change.sequence <= cursors_[i]) return model_.Wrong("the stream shows a change twice");
        trace_.Add(change.sequence * 8 + static_cast<uint64_t>(change.kind));
        model_.Observe(change);
      }
      cursors_[i] = page->read_to;
    }
  }
}

void Simulation::CheckAwaits() {
  for (Asked* asked : answered_awaits_) {
    const auto& await = static_cast<const AwaitOperation&>(*asked->operation);
    if (await.refusal) {
      if (!draining_) model_.Wrong("a wait is ended by a drain that is none");
      continue;
    }
    const ModelTask* task = model_.Find(await.located.task);
    if (task == nullptr) return model_.Wrong("an await answers for a task that was never issued");
    const bool lapsed = asked->waits_since != 0 && asked->waits_since + asked->wish.limit <= harness_.now();
    if (await.located.outcome_at == 0) {
      if (task->state != TaskState::kWaiting) model_.Wrong("an await answers WAITING for a task that ended");
      if (!lapsed && asked->wish.limit > 0) model_.Wrong("an await gives up before its limit");
      continue;
    }
    absl::StatusOr<TaskRecordPtr> record = harness_.broker().Load(await.located);
    if (!record.ok() && model_.MayBeForgotten(*task, harness_.now())) continue;
    if (!record.ok()) return model_.Wrong(absl::StrCat("an await answers with ", record.status().ToString()));
    if ((*record)->state != task->state || (*record)->outcome->output != task->output)
      model_.Wrong("an await answers with another outcome");
  }
  answered_awaits_.clear();
  for (Asked& asked : asked_) {
    if (asked.answered || asked.wish.kind != Operation::Kind::kAwait) continue;
    const auto& await = static_cast<const AwaitOperation&>(*asked.operation);
    if (await.wait_id == 0) continue;
    if (asked.waits_since == 0) asked.waits_since = harness_.now();
    const ModelTask* task = model_.Find(await.located.task);
    if (task == nullptr || task->state != TaskState::kWaiting)
      return model_.Wrong("an await waits for a task that does not wait");
  }
}

void Simulation::CheckLists() {
  for (const char* name_space : kNamespaces) {
    for (bool only_waiting : {false, true}) {
      TaskFilter filter;
      if (only_waiting) filter.states = {TaskState::kWaiting};
      model_.CheckList(name_space, only_waiting, harness_.List(filter, name_space, random_.Below(20) + 1),
                       harness_.now());
    }
  }
}

void Simulation::CheckEverything() {
  Quiesce();
  model_.CheckNothingMissed(harness_.now());
  model_.CheckStreamIsComplete();
  CheckLists();
}

// Everything that is owed arrives in the end, as it is, whatever happened on the way.
void Simulation::CheckDeliveries() {
  for (const Broker::TargetStatus& status : harness_.broker().TargetStatuses()) {
    if (status.owed != 0) model_.Wrong(absl::StrCat(status.owed, " outcomes are still owed to ", status.target));
  }
  for (const auto& [sequence, task] : model_.tasks()) {
    const bool owed =
        !task.issued.target.empty() &&
        (task.state == TaskState::kSucceeded || task.state == TaskState::kFailed || task.state == TaskState::kExpired);
    const auto arrived = far_side_.arrived().find(FormatTaskId(0, sequence));
    if (owed != (arrived != far_side_.arrived().end())) {
      return model_.Wrong(absl::StrCat("the outcome of task ", sequence, owed ? " never arrived" : " arrived unasked"));
    }
    if (!owed) continue;
    const FarSide::Outcome& outcome = arrived->second;
    const bool expired = task.state == TaskState::kExpired;
    if (outcome.output != task.output || (!expired && (outcome.error != task.error || outcome.cause != task.cause))) {
      return model_.Wrong(absl::StrCat("the outcome of task ", sequence, " arrived as another"));
    }
  }
}

// After everything has ended and long enough has passed, nothing may be left of it.
void Simulation::CheckNothingLeaks() {
  trouble_percent_ = 0;
  harness_.broker().SetDiskFull(model_.disk_full = false);
  far_side_.CalmDown();
  harness_.AdvanceUnnoticed(Millis(100 * kHour));
  Quiesce();
  harness_.AdvanceUnnoticed(Millis(kHour));  // the breakers' last probes, and the last retries
  Quiesce();
  CheckDeliveries();
  for (int i = 0; i < 6; ++i) {
    // Checkpoints, and retention behind them, happen when there is something to write.
    harness_.AdvanceUnnoticed(
        Millis(settings_.retention.resolved + settings_.retention.hold_after + settings_.checkpoint.interval));
    Wish wish = RandomIssue();
    wish.timeout = kMinTimeout;
    Ask(wish);
    Quiesce();
    harness_.AdvanceUnnoticed(Millis(kMinTimeout));
    Quiesce();
  }
  model_.CheckNothingMissed(harness_.now());
  const auto& tasks = model_.tasks();
  for (auto task = tasks.begin(); task != tasks.end() && std::next(task, 8) != tasks.end(); ++task) {
    if (std::distance(task, tasks.end()) <= 8) break;
    if (harness_.store().Read(0, task->first).ok())
      return model_.Wrong(absl::StrCat("the record of task ", task->first, " is kept for ever"));
  }
}

SimulationReport Simulation::Run(int steps) {
  int step = 0;
  for (; step < steps && model_.wrong().empty(); ++step) {
    const uint64_t dice = random_.Below(1000);
    if (dice < 500) {
      AskSome();
      if (random_.Chance(80)) RunRound();
    } else if (dice < 600) {
      RunRound();
    } else if (dice < 740) {
      RunJobs();
    } else if (dice < 800) {
      RunForwarder();
    } else if (dice < 940) {
      PassTime();
      if (random_.Chance(50)) RunRound();
    } else if (dice < 955) {
      Say("crash");
      Crash();
    } else if (dice < 965) {
      Restart();
    } else if (dice < 970) {
      harness_.broker().SetDiskFull(model_.disk_full = !model_.disk_full);
    } else if (dice < 985) {
      CancelSomeAwait();
    } else {
      CheckEverything();
    }
  }
  if (model_.wrong().empty()) CheckEverything();
  if (model_.wrong().empty()) CheckNothingLeaks();
  if (!far_side_.wrong().empty()) model_.Wrong(far_side_.wrong());
  report_.sends = far_side_.sends();
  report_.delivered = far_side_.arrived().size();
  if (!model_.wrong().empty()) report_.wrong = absl::StrCat("step ", step, ": ", model_.wrong());
  report_.trace = trace_.hash();
  report_.simulated = harness_.now() - started_at_;
  report_.tasks = model_.tasks().size();
  return report_;
}

}  // namespace

SimulationReport RunSimulation(uint64_t seed, int steps, bool verbose) {
  return std::make_unique<Simulation>(seed, verbose)->Run(steps);
}

}  // namespace tokenbroker::broker
