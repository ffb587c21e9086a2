#include "tests/simulation/simulation.h"

#include <algorithm>
#include <cstdio>
#include <list>

#include "absl/strings/str_cat.h"
#include "base/contract_limits.h"
#include "server/forward/forwarder.h"
#include "tests/simulation/asked.h"
#include "tests/simulation/clients.h"
#include "tests/simulation/far_side.h"
#include "tests/simulation/model.h"
#include "tests/simulation/random.h"
#include "tests/simulation/recall.h"
#include "tests/simulation/times.h"
#include "tests/testing/broker_harness.h"

namespace tokenbroker::broker {
namespace {

using storage::MemoryFate;
using storage::MemoryWrite;

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

class Simulation {
 public:
  Simulation(uint64_t seed, bool verbose);
  SimulationReport Run(int steps);

 private:
  // --- What clients do ---
  void AskSome();
  void Ask(Wish wish);
  void Answered(Asked& asked);
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
  MemoryFate NextFate(MemoryWrite write);

  // --- What is checked ---
  void ReadStreams();
  void CheckAwaits();
  void CheckAwait(const Asked& asked);
  void CheckLists();
  void CheckEverything();
  void CheckNothingLeaks();
  void CheckOnlyTheLatestAreKept();
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
  Clients clients_;
  const std::function<void(Asked&)> on_answer_ = [this](Asked& asked) { Answered(asked); };
  std::list<Asked> asked_;
  std::vector<Asked*> answered_awaits_;
  Sequence cursors_[2] = {0, 0};
  // The log up to here was seen by the model.
  Sequence recalled_ = 0;
  int trouble_percent_ = 0;
  TimeMs started_at_ = 0;
  bool draining_ = false;
};

Simulation::Simulation(uint64_t seed, bool verbose)
    : random_(seed),
      verbose_(verbose),
      settings_(RandomSettings(random_)),
      harness_(settings_),
      model_(settings_.limits, settings_.retention),
      far_side_([this](uint64_t n) { return random_.Below(n); }),
      clients_(random_, model_),
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

void Simulation::Ask(Wish wish) {
  Asked& asked = asked_.emplace_back(std::move(wish), on_answer_);
  asked.Prepare(harness_.broker());
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
    Wish wish = clients_.Next();
    // Two at once: a race, or a repetition.
    if (random_.Chance(10)) Ask(wish);
    if (wish.kind == Operation::Kind::kResolve && random_.Chance(15)) {
      Wish rival = wish;
      rival.output = rival.state == TaskState::kSucceeded ? std::string("4") : std::string();
      Ask(rival);
    }
    Ask(std::move(wish));
  }
}

// Called in the middle of a round: in the order of the answers, which is the order of the decisions.
void Simulation::Answered(Asked& asked) {
  asked.answered = true;
  Reply reply = asked.ToReply();
  trace_.Add(static_cast<uint64_t>(reply.reason) << 32 | static_cast<uint64_t>(reply.verdict) << 16 |
             static_cast<uint64_t>(asked.wish.kind));
  trace_.Add(reply.task);
  if (asked.wish.kind == Operation::Kind::kAwait &&
      (!asked.operation->refusal || asked.operation->refusal.reason == Reason::kDraining)) {
    // A look says how it is now, not what the rest of the round makes of it.
    const bool found_waiting = static_cast<const AwaitOperation&>(*asked.operation).located.outcome_at == 0;
    if (asked.wish.limit == 0 && found_waiting) return CheckAwait(asked);
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
  harness_.broker().StopCommitter();
  // May fail like any write.
  harness_.broker().TakeLastCheckpoint().IgnoreError();
  if (random_.Chance(50)) harness_.AdvanceUnnoticed(Millis(random_.Between(1, kHour)));
  Reopen();
}

void Simulation::Reopen() {
  Say("open");
  clients_.lost.clear();
  for (const Asked& asked : asked_) {
    if (!asked.answered) clients_.lost.push_back(asked.wish);
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
  RecallLog(harness_.store(), recalled_, clients_.lost, model_);
  model_.Restarted(harness_.now());
  ReadStreams();
  for (Sequence task : told) {
    if (model_.Find(task)->state == TaskState::kWaiting)
      model_.Wrong(absl::StrCat("somebody was told of an end of task ", task, " that is not on disk"));
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

void Simulation::CheckAwait(const Asked& asked) {
  const auto& await = static_cast<const AwaitOperation&>(*asked.operation);
  if (await.refusal) {
    if (!draining_) model_.Wrong("a wait is ended by a drain that is none");
    return;
  }
  const ModelTask* task = model_.Find(await.located.task);
  if (task == nullptr) return model_.Wrong("an await answers for a task that was never issued");
  const bool lapsed = asked.waits_since != 0 && asked.waits_since + asked.wish.limit <= harness_.now();
  if (await.located.outcome_at == 0) {
    if (task->state != TaskState::kWaiting) model_.Wrong("an await answers WAITING for a task that ended");
    if (!lapsed && asked.wish.limit > 0) model_.Wrong("an await gives up before its limit");
    return;
  }
  absl::StatusOr<TaskRecordPtr> record = harness_.broker().Load(await.located);
  if (!record.ok() && model_.MayBeForgotten(*task, harness_.now())) return;
  if (!record.ok()) return model_.Wrong(absl::StrCat("an await answers with ", record.status().ToString()));
  if ((*record)->state != task->state || (*record)->outcome->output != task->output)
    model_.Wrong("an await answers with another outcome");
}

void Simulation::CheckAwaits() {
  for (const Asked* asked : answered_awaits_) CheckAwait(*asked);
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
    Wish wish = clients_.Issue();
    wish.timeout = kMinTimeout;
    Ask(wish);
    Quiesce();
    harness_.AdvanceUnnoticed(Millis(kMinTimeout));
    Quiesce();
  }
  model_.CheckNothingMissed(harness_.now());
  CheckOnlyTheLatestAreKept();
}

void Simulation::CheckOnlyTheLatestAreKept() {
  constexpr size_t kLatest = 8;
  const auto& tasks = model_.tasks();
  if (tasks.size() <= kLatest) return;
  const auto latest = std::prev(tasks.end(), kLatest);
  for (auto task = tasks.begin(); task != latest; ++task) {
    if (harness_.store().Read(0, task->first).ok())
      return model_.Wrong(absl::StrCat("the record of task ", task->first, " is kept for ever"));
  }
  // What comes before them is of tasks that are forgotten.
  const absl::Status scanned = harness_.store().ScanHeld(0, 0, [&](Sequence record) {
    if (record < latest->first) model_.Wrong(absl::StrCat("the copy of record ", record, " is held for ever"));
    return false;
  });
  if (!scanned.ok()) model_.Wrong(absl::StrCat("what is held cannot be read: ", scanned.ToString()));
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
