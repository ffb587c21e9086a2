#include "server/forward/schedule.h"

#include <algorithm>
#include <limits>

namespace tokenbroker::forward {
namespace {

// What the target said once and for all; nothing if it is to be tried again.
std::optional<DeliveryState> Final(const Answer& answer, bool too_old) {
  switch (answer.kind) {
    case Answer::Kind::kAccepted:
      return DeliveryState::kDelivered;
    case Answer::Kind::kProbablyOurs:
      return DeliveryState::kProbablyDelivered;
    case Answer::Kind::kRejected:
      return DeliveryState::kDeadLettered;
    case Answer::Kind::kRetry:
    case Answer::Kind::kLater:
      if (too_old) return DeliveryState::kDeadLettered;
      return std::nullopt;
    case Answer::Kind::kHandedBack:
    case Answer::Kind::kThrottled:
    case Answer::Kind::kNeedsOperator:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

int Schedule::Room(TimeMs now, int under_way_max) const {
  if (now < paused_until_) return 0;
  return std::max(0, breaker_.Allowed(now, under_way_max) - under_way_);
}

size_t Schedule::ShareOfDue(size_t room) {
  if (room % 2 == 0) return room / 2;
  odd_one_is_due_ = !odd_one_is_due_;
  return room / 2 + (odd_one_is_due_ ? 1 : 0);
}

size_t Schedule::RoomForRetries(TimeMs now) const {
  if (breaker_.StateAt(now) == Breaker::State::kClosed) return std::numeric_limits<size_t>::max();
  return static_cast<size_t>(std::max(0, Breaker::kProbes - 1 - retries_under_way_));
}

std::vector<Sequence> Schedule::TakeDue(TimeMs now, size_t max) {
  std::vector<Sequence> taken;
  const size_t most = std::min(max, RoomForRetries(now));
  while (taken.size() < most && !due_.empty() && due_.begin()->first <= now) {
    const Sequence outcome = due_.begin()->second;
    due_.erase(due_.begin());
    notes_.find(outcome)->second.is_retry = true;
    ++retries_under_way_;
    taken.push_back(outcome);
  }
  return taken;
}

Schedule::Try Schedule::Begin(Sequence outcome, TimeMs since, bool may_have_arrived, TimeMs now) {
  auto [at, added] = notes_.try_emplace(outcome);
  Note& note = at->second;
  if (added) {
    note.since = since;
    note.may_have_arrived = may_have_arrived;
  }
  note.under_way = true;
  note.due = now + options_.answer_within;
  answers_due_.insert({note.due, outcome});
  ++under_way_;
  return {++note.tries, note.may_have_arrived};
}

// Whether the target lives. Being asked to wait says neither, nor does a receiver that leaves: others may be there.
void Schedule::Judge(const Answer& answer, Note& note, TimeMs now) {
  switch (answer.kind) {
    case Answer::Kind::kAccepted:
    case Answer::Kind::kProbablyOurs:
    case Answer::Kind::kRejected:
    case Answer::Kind::kLater:
      return breaker_.Alive(now);
    case Answer::Kind::kRetry:
    case Answer::Kind::kNeedsOperator:
      return breaker_.Failed(now, std::exchange(note.has_failed, true), random_());
    case Answer::Kind::kThrottled:
      paused_until_ = std::max(paused_until_, now + answer.retry_after);
      return;
    case Answer::Kind::kHandedBack:
      return;
  }
}

DurationMs Schedule::WaitAfter(const Answer& answer, int tries) {
  if (answer.kind == Answer::Kind::kHandedBack) return 0;
  if (answer.kind == Answer::Kind::kLater && answer.retry_after > 0) return answer.retry_after;
  const bool slowly = answer.kind == Answer::Kind::kNeedsOperator;
  return std::max(answer.retry_after, Backoff(slowly ? options_.operator_backoff : options_.backoff, tries, random_()));
}

std::optional<Record> Schedule::End(Sequence outcome, int number, Answer answer, TimeMs now) {
  auto found = notes_.find(outcome);
  if (found == notes_.end() || !found->second.under_way || found->second.tries != number) return std::nullopt;
  Note& note = found->second;
  answers_due_.erase({note.due, outcome});
  note.under_way = false;
  --under_way_;
  retries_under_way_ -= std::exchange(note.is_retry, false);
  note.may_have_arrived |= answer.may_have_arrived;
  Judge(answer, note, now);
  const std::optional<DeliveryState> end = Final(answer, now - note.since >= options_.max_age);
  if (end.has_value()) {
    Record record{outcome,
                  *end,
                  static_cast<uint32_t>(note.tries),
                  std::move(answer.code),
                  std::move(answer.message),
                  note.may_have_arrived};
    notes_.erase(found);
    return record;
  }
  // Nobody has seen it: that was no try.
  if (answer.kind == Answer::Kind::kHandedBack && !answer.may_have_arrived) --note.tries;
  note.due = now + WaitAfter(answer, note.tries);
  note.code = std::move(answer.code);
  note.message = std::move(answer.message);
  due_.insert({note.due, outcome});
  return std::nullopt;
}

std::vector<std::pair<Sequence, int>> Schedule::Unanswered(TimeMs now) const {
  std::vector<std::pair<Sequence, int>> all;
  for (const auto& [due, outcome] : answers_due_) {
    if (due > now) break;
    all.push_back({outcome, notes_.find(outcome)->second.tries});
  }
  return all;
}

void Schedule::Forget(Sequence outcome) {
  auto found = notes_.find(outcome);
  if (found == notes_.end()) return;
  answers_due_.erase({found->second.due, outcome});
  due_.erase({found->second.due, outcome});
  under_way_ -= found->second.under_way;
  retries_under_way_ -= found->second.is_retry;
  notes_.erase(found);
}

TimeMs Schedule::NextDue(TimeMs now, bool new_waits, int under_way_max) const {
  TimeMs next = answers_due_.empty() ? INT64_MAX : answers_due_.begin()->first;
  const TimeMs opens = std::max({now, paused_until_, breaker_.until()});
  // Only an answer makes room.
  if (under_way_ >= breaker_.Allowed(opens, under_way_max)) return next;
  if (!due_.empty() && RoomForRetries(opens) > 0) next = std::min(next, std::max(due_.begin()->first, opens));
  if (new_waits && TakesNew()) next = std::min(next, opens);
  return next;
}

std::optional<Schedule::Look> Schedule::Find(Sequence outcome) const {
  auto found = notes_.find(outcome);
  if (found == notes_.end()) return std::nullopt;
  const Note& note = found->second;
  return Look{note.tries, note.under_way ? 0 : note.due, note.code, note.message, note.may_have_arrived};
}

std::vector<Sequence> Schedule::MayHaveArrived() const {
  std::vector<Sequence> all;
  for (const auto& [outcome, note] : notes_) {
    if (note.under_way || note.may_have_arrived) all.push_back(outcome);
  }
  return all;
}

}  // namespace tokenbroker::forward
