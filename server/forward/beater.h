// Tells engines that their workers live: the workers' heartbeats come in by the broker, few go out to the targets that
// take them (beat_planner.h).
//
//   worker ──beats──▶ broker ──news──▶ planner ──due, within the quota──▶ [read the upstream token] ──▶ target
//                       ▲                 ▲                                                               │
//                       └─────cancel──────┴────────────────────────── answer ◀────────────────────────────┘
//
// A task whose engine no longer waits is cancelled: its worker learns it with its next heartbeat, and whoever watches
// sees it.
//
// One thread does this for all targets, in rounds at least kPace apart. While a target is down it is probed only
// (breaker.h). What was under way at a crash is of no concern: after a start each task's first heartbeat goes out.
//
// Thread-safe, but for RunOnce. Must outlive the broker's committer and the targets, which answer it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/clock.h"
#include "server/broker/broker.h"
#include "server/forward/beat_planner.h"
#include "server/forward/breaker.h"
#include "server/forward/observer.h"
#include "server/forward/outcome_target.h"

namespace tokenbroker::forward {

class Beater {
 public:
  // Between two rounds: how long due beats wait for the quota before it is asked again.
  static constexpr DurationMs kPace = 50;

  // All must outlive the beater.
  struct Parts {
    broker::Broker& broker;
    const Clock& clock;
    Observer& observer;
    // 0 to 1, evenly.
    std::function<double()> random;
  };
  // One that takes_heartbeats(), until Stop.
  struct Target {
    std::string name;
    OutcomeTarget& target;
  };

  // To be made before the broker's Start.
  Beater(Parts parts, const std::vector<Target>& targets);
  ~Beater();

  // Runs on a thread of its own until Stop; nothing happens without targets.
  void Start();
  // Nothing is sent any more when this returns; answers may still come, and count for nothing.
  void Stop();

  // One round, for those who do not Start. True if there was anything to do.
  bool RunOnce();
  // When there is something to do by itself; INT64_MAX: never.
  TimeMs NextDue() const;

  struct Status {
    std::string target;
    // Tasks that wait, with an upstream token for this target.
    size_t watched = 0;
    // Beats that wait for the quota; and of those, whose engine's deadline has passed.
    size_t due = 0;
    size_t late = 0;
  };
  std::vector<Status> Statuses() const;

 private:
  struct Line;
  struct Arrived {
    Line* line;
    broker::Sequence task;
    Answer answer;
  };
  struct Misplaced {
    Line* line;
    broker::Sequence task;
    BeatPlanner::Warning warning;
  };
  class Cancelling;

  bool TakeNews();
  bool TakeAnswers();
  void TakeAnswer(const Arrived& arrived);
  void Report();
  bool TakeCancelled();
  bool SendSome(Line& line);
  void Send(Line& line, broker::Sequence task);
  void Answered(Line& line, broker::Sequence task, Answer answer);
  void Cancel(broker::Sequence task, std::string reason);
  void Cancelled(broker::Sequence task);
  void Rest(DurationMs at_most, bool wakes);
  // With inbox_mutex_.
  void WakeLocked();

  const Parts parts_;
  std::vector<std::unique_ptr<Line>> lines_;

  // --- The round's own ---
  // What the planners have said in it.
  std::vector<Misplaced> misplaced_;
  std::vector<broker::Sequence> gone_;
  // Tasks that are being cancelled.
  absl::flat_hash_map<broker::Sequence, std::unique_ptr<Cancelling>> cancelling_;

  // Guards the lines' planners, breakers and counts as well.
  mutable std::mutex mutex_;
  // Cancellations that the broker had no room for, and when it gets them again.
  std::vector<std::pair<broker::Sequence, std::string>> refused_;  // guarded by mutex_
  TimeMs cancel_after_ = 0;                                        // guarded by mutex_
  std::mutex inbox_mutex_;
  std::condition_variable wake_;
  std::vector<Arrived> arrived_;             // guarded by inbox_mutex_
  std::vector<broker::Sequence> cancelled_;  // guarded by inbox_mutex_
  bool awake_ = false;                       // guarded by inbox_mutex_
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace tokenbroker::forward
