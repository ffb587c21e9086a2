#include "server/forward/forwarder.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/failpoint.h"
#include "base/text.h"
#include "base/thread.h"
#include "server/forward/delivery_from.h"

namespace tokenbroker::forward {
namespace {

// What is answered but not recorded; more, and nothing new is sent.
constexpr size_t kUnrecordedMax = 10'000;
// In one commit.
constexpr size_t kRecordedAtOnce = 1'000;
// What one line may send before the others have their turn.
constexpr int kSentAtOnce = 256;
constexpr DurationMs kLongestSleep = 1'000;
// After so many rounds in a row that left something behind there is a backlog.
constexpr int kBacklogRounds = 8;
// With fewer owed nothing is held back for callers' sake: a flow that comes and goes, and no backlog.
constexpr uint64_t kManyOwed = 2'000;
// While there is one, answers are let gather: until so many have come, or for so long.
constexpr size_t kEnough = 64;
constexpr std::chrono::milliseconds kGathering{1};
// Before what the broker had no room for is handed to it again.
constexpr DurationMs kRetryWhenFull = 100;

Answer Unreadable(const absl::Status& status) {
  Answer answer;
  answer.message = std::string(status.message());
  const bool lost = absl::IsNotFound(status) || absl::IsDataLoss(status);
  answer.kind = lost ? Answer::Kind::kRejected : Answer::Kind::kRetry;
  answer.code = lost ? "RecordLost" : "StoreTrouble";
  return answer;
}

bool IsFull(const broker::Refusal& refusal) {
  return refusal.reason == broker::Reason::kOverloaded || refusal.reason == broker::Reason::kInternal;
}

}  // namespace

// Records handed to the broker; the forwarder's until all are answered.
class Forwarder::Recording : public broker::Submission {
 public:
  Recording(Forwarder& forwarder, std::vector<Record> records)
      : Submission(records.size()),
        forwarder_(forwarder),
        records_(std::move(records)),
        operations_(new broker::DeliveryOperation[records_.size()]) {}

  // It may be gone when this returns.
  void Submit() {
    std::vector<broker::Operation*> operations;
    for (size_t i = 0; i < records_.size(); ++i) operations.push_back(&Fill(i));
    forwarder_.parts_.broker.Submit(operations);
  }

 private:
  broker::DeliveryOperation& Fill(size_t i) {
    broker::DeliveryOperation& operation = operations_[i];
    const Record& record = records_[i];
    operation.submission = this;
    operation.principal = &broker::BrokerItself();
    operation.outcome = record.outcome;
    operation.state = record.state;
    operation.tries = record.tries;
    operation.code = record.code;
    operation.message = record.message;
    operation.may_have_arrived = record.may_have_arrived;
    return operation;
  }

  void Done() override {
    std::vector<Record> again;
    for (size_t i = 0; i < records_.size(); ++i) {
      // Others were settled by an operator meanwhile.
      if (IsFull(operations_[i].refusal)) again.push_back(std::move(records_[i]));
    }
    forwarder_.Recorded(std::move(again));
  }

  Forwarder& forwarder_;
  std::vector<Record> records_;
  std::unique_ptr<broker::DeliveryOperation[]> operations_;
};

Forwarder::Forwarder(Parts parts, ScheduleOptions options, std::vector<NamedTarget> targets)
    : parts_(std::move(parts)) {
  for (NamedTarget& named : targets) {
    lines_.push_back(std::unique_ptr<Line>(new Line{std::move(named.name), std::move(named.target),
                                                    Schedule(options, parts_.random), true, Breaker::State::kClosed}));
    lines_.back()->target->OnRoom([this] { Wake(); });
  }
  parts_.broker.OnOwed([this] {
    std::lock_guard<std::mutex> lock(inbox_mutex_);
    owes_more_ = true;
    WakeUnlessGathering();
  });
}

// Without Stop nothing more is recorded, as after a crash.
Forwarder::~Forwarder() {
  if (thread_.joinable()) Stop(0);
}

// --- A round ---

bool Forwarder::RunOnce() {
  {
    std::lock_guard<std::mutex> inbox(inbox_mutex_);
    awake_ = false;
    if (std::exchange(owes_more_, false)) {
      std::lock_guard<std::mutex> lock(mutex_);
      for (auto& line : lines_) line->new_waits = true;
    }
  }
  KeepPace();
  bool moved = TakeAnswers();
  for (auto& line : lines_) moved |= GiveUpUnanswered(*line);
  moved |= RecordSome();
  if (!stopping_.load()) moved |= SendInTurn();
  for (auto& line : lines_) WatchBreaker(*line);
  return moved;
}

bool Forwarder::TakeAnswers() {
  std::vector<Arrived> arrived;
  {
    std::lock_guard<std::mutex> lock(inbox_mutex_);
    arrived.swap(arrived_);
  }
  for (Arrived& one : arrived) TakeAnswer(std::move(one));
  return !arrived.empty();
}

void Forwarder::TakeAnswer(Arrived arrived) {
  Line& line = *arrived.line;
  parts_.observer.Tried(line.name, arrived.answer);
  std::lock_guard<std::mutex> lock(mutex_);
  std::optional<Record> record =
      line.schedule.End(arrived.outcome, arrived.number, std::move(arrived.answer), parts_.clock.Now());
  if (!record.has_value()) return;
  if (record->state == DeliveryState::kDeadLettered) parts_.observer.GivenUp(line.name, record->code, record->message);
  to_record_.push_back(*std::move(record));
}

bool Forwarder::GiveUpUnanswered(Line& line) {
  std::vector<std::pair<Sequence, int>> unanswered;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    unanswered = line.schedule.Unanswered(parts_.clock.Now());
  }
  for (const auto& [outcome, number] : unanswered) {
    TakeAnswer({&line,
                outcome,
                number,
                {.kind = Answer::Kind::kRetry,
                 .code = "NoAnswer",
                 .message = "the target did not answer in time",
                 .may_have_arrived = true}});
  }
  return !unanswered.empty();
}

// --- Sending ---

int Forwarder::UnderWayMax(const Line& line) const {
  const int under_way = line.schedule.under_way();
  const int room = line.target->room();
  const int most = std::min(line.target->max_under_way(), pace_.UnderWayMax(under_way));
  return room == INT_MAX ? most : std::min(most, under_way + room);
}

void Forwarder::KeepPace() {
  const TimeMs now = parts_.clock.Now();
  if (now < pace_.next_look()) return;
  const bool many = parts_.callers_waited && parts_.broker.owed() >= kManyOwed;
  pace_.Look(now, many ? parts_.callers_waited() : std::vector<double>());
}

// Another line is the first each time: the trickle of a slow pace is for all.
bool Forwarder::SendInTurn() {
  bool moved = false;
  for (size_t i = 0; i < lines_.size(); ++i) moved |= SendSome(*lines_[(turn_ + i) % lines_.size()]);
  ++turn_;
  return moved;
}

std::vector<Forwarder::Sending> Forwarder::ToSend(Line& line) {
  std::vector<Sending> all;
  const TimeMs now = parts_.clock.Now();
  size_t room = 0;
  bool takes_new = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (to_record_.size() >= kUnrecordedMax) return all;
    room = std::min(line.schedule.Room(now, UnderWayMax(line)), kSentAtOnce);
    takes_new = line.new_waits && line.schedule.TakesNew();
    const size_t retries = takes_new ? line.schedule.ShareOfDue(room) : room;
    for (Sequence due : line.schedule.TakeDue(now, retries)) all.push_back({due});
  }
  const size_t wanted = room - all.size();
  if (!takes_new || wanted == 0) return all;
  const std::vector<broker::Broker::Owed> fresh = parts_.broker.TakeOwed(line.name, wanted);
  for (const auto& owed : fresh) all.push_back({owed.outcome, owed.since, owed.may_have_arrived});
  if (fresh.size() == wanted) return all;
  std::lock_guard<std::mutex> lock(mutex_);
  line.new_waits = false;  // until the broker says so
  for (Sequence due : line.schedule.TakeDue(now, wanted - fresh.size())) all.push_back({due});
  return all;
}

bool Forwarder::SendSome(Line& line) {
  const std::vector<Sending> sending = ToSend(line);
  pace_.Begun(static_cast<int>(sending.size()));
  for (const Sending& one : sending) Send(line, one);
  return !sending.empty();
}

void Forwarder::Send(Line& line, const Sending& sending) {
  absl::StatusOr<broker::TaskRecordPtr> record = parts_.broker.LoadOutcomeAt(sending.outcome);
  if (record.ok()) {
    const auto& delivery = (*record)->delivery;
    if (delivery.has_value() && delivery->state == DeliveryState::kPending) return Deliver(line, **record, sending);
    std::lock_guard<std::mutex> lock(mutex_);
    return line.schedule.Forget(sending.outcome);  // an operator dropped it
  }
  parts_.observer.Trouble("delivery_not_readable", record.status());
  int number = 0;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    number = line.schedule.Begin(sending.outcome, sending.since, sending.may_have_arrived, parts_.clock.Now()).number;
  }
  TakeAnswer({&line, sending.outcome, number, Unreadable(record.status())});
}

void Forwarder::Deliver(Line& line, const broker::TaskRecord& record, const Sending& sending) {
  absl::StatusOr<std::string> upstream = parts_.broker.UpstreamTokenOf(record);
  Schedule::Try one;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    one = line.schedule.Begin(sending.outcome, sending.since, sending.may_have_arrived, parts_.clock.Now());
  }
  if (!upstream.ok()) return TakeAnswer({&line, sending.outcome, one.number, Unreadable(upstream.status())});
  Delivery delivery = DeliveryFrom(record, *std::move(upstream));
  delivery.try_number = one.number;
  delivery.may_have_arrived = one.may_have_arrived;
  TB_FAILPOINT("forward.before_send");
  line.target->Deliver(std::move(delivery), [this, &line, outcome = sending.outcome, number = one.number](
                                                Answer answer) { Answered(line, outcome, number, std::move(answer)); });
}

void Forwarder::Answered(Line& line, Sequence outcome, int number, Answer answer) {
  TB_FAILPOINT("forward.answered");
  answer.message.resize(CutAtCharacter(answer.message, Answer::kMaxMessage).size());
  std::lock_guard<std::mutex> lock(inbox_mutex_);
  arrived_.push_back({&line, outcome, number, std::move(answer)});
  if (arrived_.size() >= kEnough) gathering_ = false;
  WakeUnlessGathering();
}

void Forwarder::WatchBreaker(Line& line) {
  Breaker::State state;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    state = line.schedule.BreakerAt(parts_.clock.Now());
  }
  if (std::exchange(line.breaker_seen, state) != state) parts_.observer.BreakerMoved(line.name, state);
}

// --- Recording ---

// One group at a time: what is answered meanwhile goes with the next.
bool Forwarder::RecordSome() {
  Recording* recording = nullptr;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (recording_ != nullptr || to_record_.empty() || parts_.clock.Now() < record_after_) return false;
    const auto end = to_record_.begin() + std::min(to_record_.size(), kRecordedAtOnce);
    recording_ = std::make_unique<Recording>(
        *this, std::vector<Record>(std::make_move_iterator(to_record_.begin()), std::make_move_iterator(end)));
    to_record_.erase(to_record_.begin(), end);
    recording = recording_.get();
  }
  TB_FAILPOINT("forward.before_record");
  recording->Submit();
  return true;
}

void Forwarder::Recorded(std::vector<Record> again) {
  std::unique_ptr<Recording> done;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    done = std::move(recording_);
    if (!again.empty()) record_after_ = parts_.clock.Now() + kRetryWhenFull;
    to_record_.insert(to_record_.end(), std::make_move_iterator(again.begin()), std::make_move_iterator(again.end()));
  }
  Wake();
}

// --- Looks ---

std::optional<Schedule::Look> Forwarder::Look(std::string_view target, Sequence outcome) const {
  std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& line : lines_) {
    if (line->name == target) return line->schedule.Find(outcome);
  }
  return std::nullopt;
}

std::vector<Forwarder::Status> Forwarder::Statuses() const {
  std::vector<Status> all;
  std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& line : lines_) {
    all.push_back({line->name, line->schedule.under_way(), line->schedule.retrying(), line->schedule.OldestSince(),
                   line->schedule.BreakerAt(parts_.clock.Now())});
  }
  return all;
}

TimeMs Forwarder::NextDue() {
  std::lock_guard<std::mutex> lock(mutex_);
  TimeMs next = recording_ == nullptr && !to_record_.empty() ? record_after_ : INT64_MAX;
  if (stopping_.load()) return std::min(next, stop_at_.load());  // nothing more is sent
  const bool full = to_record_.size() >= kUnrecordedMax;
  for (const auto& line : lines_) {
    const TimeMs due = line->schedule.NextDue(parts_.clock.Now(), line->new_waits && !full, UnderWayMax(*line));
    next = std::min(next, due);
  }
  return pace_.holds_back() ? std::min(next, pace_.next_look()) : next;
}

// --- The thread ---

void Forwarder::Start() {
  thread_ = std::thread([this] {
    NameThisThread("forwarder");
    Run();
  });
}

void Forwarder::Wake() {
  std::lock_guard<std::mutex> lock(inbox_mutex_);
  WakeUnlessGathering();
}

void Forwarder::WakeUnlessGathering() {
  if (gathering_ || std::exchange(awake_, true)) return;
  wake_.notify_one();
}

// Each answer makes room for another try: a few at a time, that would be a change of threads for each.
void Forwarder::LetGather() {
  std::unique_lock<std::mutex> lock(inbox_mutex_);
  gathering_ = arrived_.size() < kEnough;
  awake_ = false;
  wake_.wait_for(lock, kGathering, [this] { return !gathering_; });
  gathering_ = false;
}

// More is owed than may be under way.
bool Forwarder::IsBacklog() {
  std::lock_guard<std::mutex> lock(mutex_);
  const TimeMs now = parts_.clock.Now();
  const bool left = std::any_of(lines_.begin(), lines_.end(), [&](const auto& line) {
    return line->new_waits && line->schedule.under_way() > 0 && line->schedule.Room(now, UnderWayMax(*line)) == 0;
  });
  backlog_rounds_ = left ? std::min(backlog_rounds_ + 1, kBacklogRounds) : 0;
  return backlog_rounds_ == kBacklogRounds;
}

void Forwarder::Run() {
  while (true) {
    const bool moved = RunOnce();
    if (stopping_.load() && (Quiet() || parts_.clock.Now() >= stop_at_.load())) return;
    if (moved && IsBacklog()) {
      LetGather();
    } else if (!moved) {
      const DurationMs sleep = std::clamp<DurationMs>(NextDue() - parts_.clock.Now(), 0, kLongestSleep);
      std::unique_lock<std::mutex> lock(inbox_mutex_);
      wake_.wait_for(lock, std::chrono::milliseconds(sleep), [this] { return awake_; });
    }
  }
}

bool Forwarder::Quiet() const {
  std::lock_guard<std::mutex> lock(mutex_);
  if (recording_ != nullptr || !to_record_.empty()) return false;
  return std::all_of(lines_.begin(), lines_.end(), [](const auto& line) { return line->schedule.under_way() == 0; });
}

void Forwarder::Stop(DurationMs patience) {
  stop_at_.store(parts_.clock.Now() + patience);
  if (stopping_.exchange(true)) return;
  Wake();
  if (thread_.joinable()) thread_.join();
  for (auto& line : lines_) line->target.reset();
  TakeAnswers();
  RecordSome();
  NoteOpen();
}

// What is recorded after all counts more than this note.
void Forwarder::NoteOpen() {
  std::vector<Sequence> open;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto& line : lines_) {
      const std::vector<Sequence> more = line->schedule.MayHaveArrived();
      open.insert(open.end(), more.begin(), more.end());
    }
    for (const Record& record : to_record_) open.push_back(record.outcome);
  }
  parts_.broker.NoteMayHaveArrived(open);
}

}  // namespace tokenbroker::forward
