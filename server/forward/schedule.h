// When what is tried at one target: the forwarder's decisions, without threads, store or sockets.
//
//   Room ──▶ so many may begin now: retries that are due, then new ones
//   Begin ─▶ a try is under way
//   End ───▶ its answer: record this, or it is tried again later
//
// Only what was tried and is not settled yet stands here; what waits untried is in the broker's outbox.
//
// Not thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "server/forward/breaker.h"
#include "server/forward/outcome_target.h"
#include "storage/log_entry.h"
#include "storage/token_store.h"

namespace tokenbroker::forward {

using storage::DeliveryState;
using storage::Sequence;

struct ScheduleOptions {
  BackoffOptions backoff;
  // Where an operator has to mend something.
  BackoffOptions operator_backoff{60'000, 600'000};
  Breaker::Options breaker;
  // What could not be delivered for so long becomes a dead letter.
  DurationMs max_age = DurationMs{24} * 3600 * 1000;
  // A try without an answer for so long has none.
  DurationMs answer_within = 300'000;
  // So many may stand between two tries; then nothing new is begun.
  size_t retrying_max = 100'000;
};

// What is to be recorded of a delivery.
struct Record {
  Sequence outcome = 0;
  DeliveryState state = DeliveryState::kDelivered;
  uint32_t tries = 0;
  std::string code;
  std::string message;
  bool may_have_arrived = false;
};

class Schedule {
 public:
  // `random`: 0 to 1, evenly.
  Schedule(ScheduleOptions options, std::function<double()> random)
      : options_(options), random_(std::move(random)), breaker_(options.breaker) {}

  // How many more tries may begin.
  int Room(TimeMs now, int under_way_max) const;
  // Whether they may be new ones.
  bool TakesNew() const { return notes_.size() < options_.retrying_max; }
  // How many of so many tries are to be retries, as long as new ones wait, too: half, so that neither keeps the other
  // waiting, and of an odd number the last one in turns.
  size_t ShareOfDue(size_t room);
  // Retries whose time has come, at most `max`, longest due first: to be begun now, or forgotten. While the target is
  // down no more than may probe it beside one that is new, also when none is: it may come while they have no answer.
  std::vector<Sequence> TakeDue(TimeMs now, size_t max);

  struct Try {
    int number = 1;
    bool may_have_arrived = false;
  };
  // A try begins. `since` and `may_have_arrived`: as the outbox has it; of a retry they are known.
  Try Begin(Sequence outcome, TimeMs since, bool may_have_arrived, TimeMs now);
  // What is to be recorded, if this ended it. Answers of a try that is not under way any more are ignored.
  std::optional<Record> End(Sequence outcome, int number, Answer answer, TimeMs now);
  // Tries that have been under way for too long, with the number of the try.
  std::vector<std::pair<Sequence, int>> Unanswered(TimeMs now) const;
  // It is not owed any more.
  void Forget(Sequence outcome);

  // When something is to be done although no answer has come; INT64_MAX: never. `new_waits`: there is more to try than
  // what stands here.
  TimeMs NextDue(TimeMs now, bool new_waits, int under_way_max) const;

  struct Look {
    int tries = 0;
    TimeMs next_try = 0;  // 0: under way
    std::string code;
    std::string message;
    bool may_have_arrived = false;
  };
  std::optional<Look> Find(Sequence outcome) const;

  // For an orderly stop: what may have arrived without our knowing.
  std::vector<Sequence> MayHaveArrived() const;

  int under_way() const { return under_way_; }
  size_t retrying() const { return notes_.size() - under_way_; }
  // Since when the oldest here is owed; INT64_MAX: none.
  TimeMs OldestSince() const { return notes_.empty() ? INT64_MAX : notes_.begin()->second.since; }
  Breaker::State BreakerAt(TimeMs now) const { return breaker_.StateAt(now); }

 private:
  struct Note {
    TimeMs since = 0;
    TimeMs due = 0;  // of the next try, or of the answer
    int tries = 0;
    bool under_way = false;
    bool is_retry = false;  // of what is under way or was taken for it
    bool may_have_arrived = false;
    bool has_failed = false;
    std::string code;
    std::string message;
  };

  void Judge(const Answer& answer, Note& note, TimeMs now);
  DurationMs WaitAfter(const Answer& answer, int tries);
  // How many more retries may begin.
  size_t RoomForRetries(TimeMs now) const;

  const ScheduleOptions options_;
  const std::function<double()> random_;
  Breaker breaker_;
  TimeMs paused_until_ = 0;  // the target asked for fewer calls
  int under_way_ = 0;
  int retries_under_way_ = 0;
  bool odd_one_is_due_ = false;
  absl::btree_map<Sequence, Note> notes_;
  absl::btree_set<std::pair<TimeMs, Sequence>> due_;
  absl::btree_set<std::pair<TimeMs, Sequence>> answers_due_;
};

}  // namespace tokenbroker::forward
