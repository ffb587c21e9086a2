#include "tests/simulation/beats.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/forward/beater.h"
#include "tests/simulation/random.h"
#include "tests/testing/broker_harness.h"

namespace tokenbroker::broker {
namespace {

using forward::Answer;
using Done = forward::OutcomeTarget::Done;

constexpr size_t kLiving = 12;
constexpr DurationMs kLongTimeout = DurationMs{366} * 24 * 3'600'000;
constexpr char kGoneCause[] = "upstream timed out (TaskTimedOut)";

struct Task {
  Issued issued;
  DurationMs interval = 0;
  // --- The worker's side ---
  TimeMs next_beat = 0;
  bool silent = false;
  TimeMs last_beat = 0;
  bool settled = false;
  // --- The engine's side ---
  TimeMs began = 0;
  TimeMs heard = 0;
  // The last one that it said it had heard.
  TimeMs taken = 0;
  // It waits no longer: its deadline passed, or somebody gave the task up.
  bool gone = false;
  // Something has gone wrong on the way since it heard the last beat.
  bool troubled = false;
  // After a try that failed.
  TimeMs not_before = 0;
  // What came, or was sent and lost; and how many more than the deadline needs the trouble explains.
  uint64_t sends = 0;
  uint64_t excused = 0;
};

class Beats {
 public:
  explicit Beats(uint64_t seed) : random_(seed), target_(*this), began_(harness_.now()) { Open(); }

  BeatsReport Run(int steps);

 private:
  class Target : public forward::OutcomeTarget {
   public:
    explicit Target(Beats& beats) : beats_(beats) {}
    void Deliver(forward::Delivery, Done) override { beats_.Wrong("the beater delivers"); }
    void Beat(const std::string& token, Done done) override { beats_.Arrive(token, std::move(done)); }
    bool takes_heartbeats() const override { return true; }
    int64_t beats_available() const override { return beats_.quota_; }
    int max_under_way() const override { return 1; }

   private:
    Beats& beats_;
  };

  struct Held {
    Answer answer;
    Done done;
  };

  void Wrong(const std::string& what) {
    if (report_.wrong.empty()) report_.wrong = what;
  }
  bool Living(const Task& task) const { return !task.settled && !ended_.contains(task.issued.token); }

  // --- The broker ---
  void Open();
  void Settle();
  void Reopen();

  // --- Workers ---
  void Issue();
  void BeatWhereDue();
  void Beat(Task& task);
  void SettleOne(Task& task);

  // --- The engine ---
  void Arrive(const std::string& token, Done done);
  void Tell(const Answer& answer, const Done& done);
  Answer Receive(Task& task);
  Answer Failed(Task& task, Answer answer);
  void AnswerSome();
  void PassDeadlines();
  void Trouble();

  // --- The run ---
  void Step();
  void Advance(DurationMs by);
  void CheckFew(const Task& task);
  void CheckStates();
  void Finish();

  Random random_;
  BrokerHarness harness_{Settings()};
  forward::Observer silent_;
  Target target_;
  std::unique_ptr<forward::Beater> beater_;
  std::map<std::string, Task> tasks_;       // by upstream token
  std::map<std::string, TaskState> ended_;  // by token, as was seen
  // Tries whose answer is late.
  std::vector<Held> held_;
  // In a row, as the beater was told: then it rests, and probes.
  int failures_ = 0;
  int64_t quota_ = 0;
  bool down_ = false;
  bool calm_ = false;
  BeatsReport report_;
  const TimeMs began_;
};

// --- The broker ---

void Beats::Open() {
  beater_ = std::make_unique<forward::Beater>(
      forward::Beater::Parts{harness_.broker(), harness_.clock(), silent_,
                             [this] { return static_cast<double>(random_.Below(1001)) / 1000; }},
      std::vector<forward::Beater::Target>{{"states", target_}});
}

// Until nothing moves.
void Beats::Settle() {
  do harness_.Run();
  while (beater_->RunOnce());
}

void Beats::Reopen() {
  ++report_.crashes;
  held_.clear();
  failures_ = 0;
  const DurationMs downtime = random_.Between(0, 30'000);
  for (auto& [token, task] : tasks_) {
    // A full interval from the start, and the first beat goes on at once.
    ++task.excused;
    task.troubled = true;
    task.not_before = 0;
    task.next_beat = std::max(task.next_beat, harness_.now() + downtime);
  }
  if (random_.Chance(50)) {
    harness_.CrashFor(Millis(downtime));
  } else {
    harness_.Restart();
  }
  Open();
}

// --- Workers ---

void Beats::Issue() {
  const std::string token = absl::StrCat("upstream-", report_.tasks++);
  Task task;
  task.interval = 20'000 * (1 + static_cast<DurationMs>(random_.Below(6)));
  task.issued = harness_.Issue({.timeout = Millis(kLongTimeout),
                                .heartbeat_timeout = Millis(task.interval),
                                .target = "states",
                                .upstream_token = token});
  if (!task.issued.ok()) return Wrong("a task is not issued");
  task.began = task.heard = task.last_beat = task.next_beat = harness_.now();
  tasks_.emplace(token, std::move(task));
}

void Beats::Beat(Task& task) {
  const Beaten beaten = harness_.Beat(task.issued);
  task.next_beat = harness_.now() + random_.Between(task.interval / 20, task.interval / 5);
  if (beaten.ok()) {
    ++report_.local;
    task.last_beat = harness_.now();
  } else if (beaten.reason == Reason::kTaskCancelled) {
    if (!task.gone) Wrong("a task is cancelled although its engine waits");
    if (beaten.recorded.cause != kGoneCause) Wrong("the worker is told: " + std::string(beaten.recorded.cause));
    ended_[task.issued.token] = TaskState::kCancelled;
    ++report_.cancelled;
  } else if (beaten.reason == Reason::kTaskExpired && harness_.now() >= task.last_beat + task.interval) {
    ended_[task.issued.token] = TaskState::kExpired;
  } else {
    Wrong(absl::StrCat("a beat is refused with ", static_cast<int>(beaten.reason)));
  }
}

void Beats::BeatWhereDue() {
  for (auto& [token, task] : tasks_) {
    if (Living(task) && !task.silent && harness_.now() >= task.next_beat) Beat(task);
  }
}

void Beats::SettleOne(Task& task) {
  const Settled settled = harness_.Succeed(task.issued, "1");
  if (settled.verdict == Verdict::kAccepted) {
    task.settled = true;
  } else if (settled.verdict != Verdict::kCancelled && settled.verdict != Verdict::kExpired) {
    Wrong("an outcome is refused");
  }
}

// --- The engine ---

void Beats::Arrive(const std::string& token, Done done) {
  const auto found = tasks_.find(token);
  if (found == tasks_.end()) return Wrong("a beat with an unknown token");
  Task& task = found->second;
  ++task.sends;
  --quota_;
  ++report_.upstream;
  if (harness_.now() < task.not_before) Wrong("a beat is tried again too soon");
  if (task.settled) Wrong("a beat for a task that has ended");
  if (task.silent && task.last_beat < task.taken) Wrong("a beat for a worker that is silent");
  const Answer answer = Receive(task);
  report_.trace = report_.trace * 31 + static_cast<uint64_t>(harness_.now()) * 7 + static_cast<uint64_t>(answer.kind);
  if (calm_ || random_.Chance(90)) return Tell(answer, done);
  // Until it is answered nothing more is sent for this one.
  task.troubled = true;
  held_.push_back({answer, std::move(done)});
}

void Beats::Tell(const Answer& answer, const Done& done) {
  if (answer.kind == Answer::Kind::kRetry) {
    ++failures_;
  } else if (answer.kind != Answer::Kind::kThrottled) {
    failures_ = 0;
  }
  done(answer);
}

Answer Beats::Failed(Task& task, Answer answer) {
  task.troubled = true;
  ++task.excused;
  task.not_before = harness_.now() + std::max<DurationMs>(task.interval / 20, 1'000);
  return answer;
}

Answer Beats::Receive(Task& task) {
  using Kind = Answer::Kind;
  if (!calm_) {
    if (down_) return Failed(task, {.kind = Kind::kRetry, .code = "connection refused"});
    const uint64_t dice = random_.Below(100);
    if (dice < 5) return Failed(task, {.kind = Kind::kRetry, .code = "request lost"});
    if (dice < 8) return Failed(task, {.kind = Kind::kThrottled, .code = "HTTP 429"});
    if (dice < 10) {
      // Heard, but nobody knows.
      if (!task.gone) task.heard = harness_.now();
      return Failed(task, {.kind = Kind::kRetry, .code = "reply lost"});
    }
  }
  if (task.gone) return {.kind = Kind::kRejected, .code = "TaskTimedOut"};
  task.heard = task.taken = harness_.now();
  task.troubled = false;
  return {.kind = Kind::kAccepted, .code = "200"};
}

void Beats::AnswerSome() {
  std::vector<Held> held;
  held.swap(held_);
  for (Held& one : held) {
    if (calm_ || random_.Chance(60)) {
      Tell(one.answer, one.done);
    } else {
      held_.push_back(std::move(one));
    }
  }
}

void Beats::PassDeadlines() {
  for (auto& [token, task] : tasks_) {
    if (task.gone || task.settled || harness_.now() <= task.heard + task.interval) continue;
    task.gone = true;
    // Its worker has beaten in the half of the interval in which a beat was due, all was well, and yet it heard
    // nothing.
    const bool beaten = task.last_beat >= task.heard + task.interval / 2;
    if (beaten && !task.troubled) Wrong(absl::StrCat("the engine missed the beats of ", token));
  }
}

void Beats::Trouble() {
  for (auto& [token, task] : tasks_) task.troubled = true;
}

// --- The run ---

void Beats::Advance(DurationMs by) {
  harness_.Advance(Millis(by));
  PassDeadlines();
  if (!calm_ && random_.Chance(3)) {
    quota_ = 0;
    Trouble();
  } else {
    quota_ = 2 * kLiving;
  }
  Settle();
  AnswerSome();
  BeatWhereDue();
  Settle();
}

void Beats::Step() {
  // A twentieth of the shortest interval.
  Advance(random_.Between(100, 1'000));
  const size_t living =
      std::count_if(tasks_.begin(), tasks_.end(), [this](const auto& each) { return Living(each.second); });
  if (living < kLiving && random_.Chance(10)) Issue();
  for (auto& [token, task] : tasks_) {
    if (!Living(task) || !random_.Chance(1)) continue;
    const uint64_t dice = random_.Below(10);
    if (dice < 4)
      SettleOne(task);
    else if (dice < 6)
      task.gone = true;
    else if (dice < 8)
      task.silent = true;
    else
      task.silent = false, task.next_beat = harness_.now();
  }
  if (random_.Chance(1)) down_ = !down_;
  if (down_ || failures_ >= forward::Breaker::Options().failures) Trouble();
  if (random_.Chance(1)) Reopen();
  CheckStates();
}

// One as it begins, one for each half of an interval, and one for each trouble.
void Beats::CheckFew(const Task& task) {
  const uint64_t needed = 2 + static_cast<uint64_t>((harness_.now() - task.began) / (task.interval / 2));
  if (task.sends > needed + task.excused) {
    Wrong(absl::StrCat(task.sends, " beats were sent where ", needed, " do, and ", task.excused, " are explained"));
  }
}

void Beats::CheckStates() {
  for (auto& [token, task] : tasks_) {
    if (!Living(task)) continue;
    CheckFew(task);
    const Seen seen = harness_.Get(task.issued);
    if (seen.state == TaskState::kWaiting) continue;
    ended_[task.issued.token] = seen.state;
    if (seen.state == TaskState::kCancelled) {
      ++report_.cancelled;
      if (!task.gone) Wrong("a task is cancelled although its engine waits");
    } else if (seen.state != TaskState::kExpired || harness_.now() < task.last_beat + task.interval) {
      Wrong("a task has ended by itself although its worker beats");
    }
  }
}

// With a good line and workers that live, every task goes on, or is cancelled because its engine does not.
void Beats::Finish() {
  calm_ = true;
  down_ = false;
  for (auto& [token, task] : tasks_) task.silent = false, task.next_beat = 0;
  for (int i = 0; i < 400 && report_.wrong.empty(); ++i) {
    Advance(1'000);
    CheckStates();
  }
  for (const auto& [token, task] : tasks_) {
    if (Living(task) && task.gone) Wrong("a task whose engine is gone waits for ever");
  }
}

BeatsReport Beats::Run(int steps) {
  int step = 0;
  for (; step < steps && report_.wrong.empty(); ++step) Step();
  if (report_.wrong.empty()) Finish();
  if (!report_.wrong.empty()) report_.wrong = absl::StrCat("step ", step, ": ", report_.wrong);
  report_.simulated = harness_.now() - began_;
  return report_;
}

}  // namespace

BeatsReport SimulateBeats(uint64_t seed, int steps) { return std::make_unique<Beats>(seed)->Run(steps); }

}  // namespace tokenbroker::broker
