#include "server/forward/beater.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "base/thread.h"

namespace tokenbroker::forward {
namespace {

using broker::BeatNews;
using broker::Sequence;

// Beats without an answer yet, of one target.
constexpr int kUnderWayMax = 1'000;
constexpr DurationMs kLongestSleep = 1'000;
// Before what the broker had no room for is handed to it again.
constexpr DurationMs kRetryWhenFull = 100;

BeatPlanner::Answer Judge(const Answer& answer) {
  switch (answer.kind) {
    case Answer::Kind::kAccepted:
      return BeatPlanner::Answer::kTaken;
    case Answer::Kind::kRejected:
      return BeatPlanner::Answer::kGone;
    case Answer::Kind::kThrottled:
      return BeatPlanner::Answer::kHeldBack;
    default:
      return BeatPlanner::Answer::kFailed;
  }
}

}  // namespace

struct Beater::Line {
  Line(const Target& target, BeatPlanner::Callbacks callbacks)
      : name(target.name), target(target.target), planner(std::move(callbacks)) {}

  const std::string name;
  OutcomeTarget& target;
  BeatPlanner planner;
  Breaker breaker{{}};
  int under_way = 0;
};

// A task that is being cancelled; the beater's until it is answered.
class Beater::Cancelling : public broker::Submission {
 public:
  Cancelling(Beater& beater, Sequence task, std::string reason)
      : Submission(1), reason(std::move(reason)), beater_(beater), task_(task) {
    operation.submission = this;
    operation.principal = &broker::BrokerItself();
    operation.address.kind = broker::TaskAddress::Kind::kId;
    operation.address.task = task;
    operation.reason = this->reason;
  }

  const std::string reason;
  broker::CancelOperation operation;

 private:
  void Done() override { beater_.Cancelled(task_); }

  Beater& beater_;
  const Sequence task_;
};

Beater::Beater(Parts parts, const std::vector<Target>& targets) : parts_(std::move(parts)) {
  std::vector<std::string> names;
  for (const Target& target : targets) {
    names.push_back(target.name);
    BeatPlanner::Callbacks callbacks;
    callbacks.on_gone = [this](Sequence task) { gone_.push_back(task); };
    callbacks.on_warning = [this, place = lines_.size()](Sequence task, BeatPlanner::Warning warning) {
      misplaced_.push_back({lines_[place].get(), task, warning});
    };
    lines_.push_back(std::make_unique<Line>(target, std::move(callbacks)));
  }
  if (names.empty()) return;
  parts_.broker.FollowBeats(names, [this] {
    std::lock_guard<std::mutex> lock(inbox_mutex_);
    WakeLocked();
  });
}

Beater::~Beater() { Stop(); }

// --- A round ---

bool Beater::RunOnce() {
  {
    std::lock_guard<std::mutex> inbox(inbox_mutex_);
    awake_ = false;
  }
  bool moved = TakeNews();
  moved |= TakeAnswers();
  moved |= TakeCancelled();
  for (auto& line : lines_) moved |= SendSome(*line);
  Report();
  return moved;
}

bool Beater::TakeNews() {
  const std::vector<BeatNews> all = parts_.broker.TakeBeatNews();
  const TimeMs now = parts_.clock.Now();
  std::lock_guard<std::mutex> lock(mutex_);
  for (const BeatNews& news : all) {
    BeatPlanner& planner = lines_[news.target]->planner;
    switch (news.kind) {
      case BeatNews::Kind::kBegan:
        planner.Watch(news.task, news.interval, now);
        break;
      case BeatNews::Kind::kBeaten:
        planner.OnLocalBeat(news.task, now);
        break;
      case BeatNews::Kind::kEnded:
        planner.Forget(news.task);
        break;
    }
  }
  return !all.empty();
}

bool Beater::TakeAnswers() {
  std::vector<Arrived> arrived;
  {
    std::lock_guard<std::mutex> lock(inbox_mutex_);
    arrived.swap(arrived_);
  }
  for (const Arrived& one : arrived) TakeAnswer(one);
  return !arrived.empty();
}

void Beater::TakeAnswer(const Arrived& arrived) {
  const Answer& answer = arrived.answer;
  Line& line = *arrived.line;
  parts_.observer.BeatAnswered(line.name, answer);
  const TimeMs now = parts_.clock.Now();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    --line.under_way;
    const bool failed = answer.kind == Answer::Kind::kRetry || answer.kind == Answer::Kind::kNeedsOperator;
    // Being asked to wait says neither.
    if (failed)
      line.breaker.Failed(now, line.planner.has_failed(arrived.task), parts_.random());
    else if (answer.kind != Answer::Kind::kThrottled)
      line.breaker.Alive(now);
    line.planner.OnAnswer(arrived.task, Judge(answer), now);
  }
  for (Sequence task : std::exchange(gone_, {})) Cancel(task, absl::StrCat("upstream timed out (", answer.code, ")"));
}

void Beater::Report() {
  for (const Misplaced& one : std::exchange(misplaced_, {})) {
    parts_.observer.BeatsMisplaced(one.line->name, parts_.broker.IdOf(one.task), one.warning);
  }
}

// --- Sending ---

bool Beater::SendSome(Line& line) {
  const int64_t available = line.target.beats_available();
  std::vector<Sequence> taken;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const TimeMs now = parts_.clock.Now();
    // Those under way may not have used up their part of the quota yet.
    const int64_t room = std::min<int64_t>(available, line.breaker.Allowed(now, kUnderWayMax)) - line.under_way;
    taken = line.planner.Take(now, room, line.breaker.StateAt(now) == Breaker::State::kHalfOpen);
    line.under_way += static_cast<int>(taken.size());
  }
  if (taken.empty()) return false;
  // What a worker says from now on counts for the next one.
  parts_.broker.AwaitBeats(taken);
  for (Sequence task : taken) Send(line, task);
  return true;
}

void Beater::Send(Line& line, Sequence task) {
  const absl::StatusOr<std::string> token = parts_.broker.UpstreamTokenOf(task);
  if (!token.ok()) {
    parts_.observer.Trouble("upstream_token_not_readable", token.status());
    // Tried again; it says nothing of the target.
    return Answered(line, task, {.kind = Answer::Kind::kThrottled, .code = "StoreTrouble"});
  }
  line.target.Beat(*token, [this, &line, task](Answer answer) { Answered(line, task, std::move(answer)); });
}

void Beater::Answered(Line& line, Sequence task, Answer answer) {
  std::lock_guard<std::mutex> lock(inbox_mutex_);
  arrived_.push_back({&line, task, std::move(answer)});
  WakeLocked();
}

// --- Cancelling ---

void Beater::Cancel(Sequence task, std::string reason) {
  auto cancelling = std::make_unique<Cancelling>(*this, task, std::move(reason));
  broker::CancelOperation& operation = cancelling->operation;
  cancelling_[task] = std::move(cancelling);
  parts_.broker.Submit(operation);
}

void Beater::Cancelled(Sequence task) {
  std::lock_guard<std::mutex> lock(inbox_mutex_);
  cancelled_.push_back(task);
  WakeLocked();
}

// A task that has ended meanwhile is refused, and well so.
bool Beater::TakeCancelled() {
  std::vector<Sequence> cancelled;
  {
    std::lock_guard<std::mutex> lock(inbox_mutex_);
    cancelled.swap(cancelled_);
  }
  const TimeMs now = parts_.clock.Now();
  std::vector<std::pair<Sequence, std::string>> again;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (now >= cancel_after_) again.swap(refused_);
    for (Sequence task : cancelled) {
      const auto found = cancelling_.find(task);
      const broker::Reason reason = found->second->operation.refusal.reason;
      if (reason == broker::Reason::kOverloaded || reason == broker::Reason::kInternal) {
        refused_.emplace_back(task, found->second->reason);
        cancel_after_ = now + kRetryWhenFull;
      }
      cancelling_.erase(found);
    }
  }
  for (auto& [task, reason] : again) Cancel(task, std::move(reason));
  return !cancelled.empty() || !again.empty();
}

// --- Looks ---

TimeMs Beater::NextDue() const {
  std::lock_guard<std::mutex> lock(mutex_);
  TimeMs next = refused_.empty() ? INT64_MAX : cancel_after_;
  for (const auto& line : lines_) next = std::min(next, std::max(line->planner.next_due(), line->breaker.until()));
  return next;
}

std::vector<Beater::Status> Beater::Statuses() const {
  std::vector<Status> all;
  std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& line : lines_) {
    all.push_back({line->name, line->planner.watched(), line->planner.due(), line->planner.late()});
  }
  return all;
}

// --- The thread ---

void Beater::Start() {
  if (lines_.empty()) return;
  thread_ = std::thread([this] {
    NameThisThread("beater");
    while (!stopping_.load()) {
      RunOnce();
      Rest(kPace, /*wakes=*/false);
      Rest(std::clamp<DurationMs>(NextDue() - parts_.clock.Now(), 0, kLongestSleep), /*wakes=*/true);
    }
  });
}

void Beater::Rest(DurationMs at_most, bool wakes) {
  std::unique_lock<std::mutex> lock(inbox_mutex_);
  wake_.wait_for(lock, std::chrono::milliseconds(at_most), [&] { return stopping_.load() || (wakes && awake_); });
}

void Beater::WakeLocked() {
  if (!std::exchange(awake_, true)) wake_.notify_one();
}

void Beater::Stop() {
  {
    std::lock_guard<std::mutex> lock(inbox_mutex_);
    stopping_.store(true);
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace tokenbroker::forward
