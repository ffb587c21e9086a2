// Brings outcomes to their targets: takes what is owed from the broker, tries it, records what came of it.
//
//   outbox ──take──▶ [read the records] ──▶ target ··· answer ──▶ schedule ──▶ recorded by the broker
//                          ▲                                        │
//                          └───────── when its time comes ──────────┘
//
// One thread does this for all targets. A target's answer, a commit that owes more, and time wake it; while a target is
// down it sleeps until the next probe. Where callers have to wait for the processor a backlog is sent slower
// (docs/adr/0020).
//
// At least once: what was sent and not recorded before a crash is sent again, with may_have_arrived set.
//
// Thread-safe, but for RunOnce and NextDue, which are for the thread that runs the rounds. Must outlive the broker's
// committer, which tells it of what was recorded.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "server/broker/broker.h"
#include "server/forward/observer.h"
#include "server/forward/outcome_target.h"
#include "server/forward/pace.h"
#include "server/forward/schedule.h"

namespace tokenbroker::forward {

// A configured target.
struct NamedTarget {
  std::string name;
  std::unique_ptr<OutcomeTarget> target;
};

class Forwarder {
 public:
  // All must outlive the forwarder.
  struct Parts {
    broker::Broker& broker;
    const Clock& clock;
    Observer& observer;
    // 0 to 1, evenly.
    std::function<double()> random;
    // For how much of the time since this was called last each thread that serves callers waited for a processor;
    // called by whoever runs the rounds. None: they never wait.
    std::function<std::vector<double>()> callers_waited;
  };

  Forwarder(Parts parts, ScheduleOptions options, std::vector<NamedTarget> targets);
  ~Forwarder();

  // Runs on a thread of its own until Stop. To be called before the broker's Start.
  void Start();
  // Begins nothing more, waits for at most `patience` until what is under way is answered and every answer recorded,
  // gives up the others and notes them. The broker's committer must still run.
  void Stop(DurationMs patience);

  // One round, for those who do not Start. True if there was anything to do.
  bool RunOnce();
  // When there is something to do by itself; INT64_MAX: never.
  TimeMs NextDue();

  // How a delivery that is owed stands; nothing if it was not tried since the start.
  std::optional<Schedule::Look> Look(std::string_view target, Sequence outcome) const;

  struct Status {
    std::string target;
    int under_way = 0;
    size_t retrying = 0;
    // Of those; INT64_MAX: none.
    TimeMs oldest = INT64_MAX;
    Breaker::State breaker = Breaker::State::kClosed;
  };
  std::vector<Status> Statuses() const;

 private:
  struct Line {
    std::string name;
    std::unique_ptr<OutcomeTarget> target;
    Schedule schedule;            // guarded by mutex_
    bool new_waits = true;        // guarded by mutex_: the outbox may have something
    Breaker::State breaker_seen;  // the round's own
  };
  struct Arrived {
    Line* line;
    Sequence outcome;
    int number;
    Answer answer;
  };
  struct Sending {
    Sequence outcome;
    TimeMs since = 0;
    bool may_have_arrived = false;
  };
  class Recording;

  bool TakeAnswers();
  void TakeAnswer(Arrived arrived);
  bool GiveUpUnanswered(Line& line);
  void KeepPace();
  bool SendInTurn();
  bool SendSome(Line& line);
  std::vector<Sending> ToSend(Line& line);
  void Send(Line& line, const Sending& sending);
  void Deliver(Line& line, const broker::TaskRecord& record, const Sending& sending);
  void Answered(Line& line, Sequence outcome, int number, Answer answer);
  void WatchBreaker(Line& line);
  bool RecordSome();
  void Recorded(std::vector<Record> again);
  void Wake();
  void LetGather();
  bool IsBacklog();
  void Run();
  bool Quiet() const;
  void NoteOpen();
  // With mutex_.
  int UnderWayMax(const Line& line) const;
  // With inbox_mutex_.
  void WakeUnlessGathering();

  const Parts parts_;
  std::vector<std::unique_ptr<Line>> lines_;

  mutable std::mutex mutex_;
  std::vector<Record> to_record_;         // guarded by mutex_
  std::unique_ptr<Recording> recording_;  // guarded by mutex_: what the broker writes
  TimeMs record_after_ = 0;               // guarded by mutex_

  std::mutex inbox_mutex_;
  std::condition_variable wake_;
  std::vector<Arrived> arrived_;  // guarded by inbox_mutex_
  bool awake_ = false;            // guarded by inbox_mutex_
  bool owes_more_ = false;        // guarded by inbox_mutex_
  bool gathering_ = false;        // guarded by inbox_mutex_
  std::atomic<bool> stopping_{false};
  std::atomic<TimeMs> stop_at_{0};

  // The rounds' own.
  Pace pace_;
  size_t turn_ = 0;         // whose it is to be the first
  int backlog_rounds_ = 0;  // so many in a row
  std::thread thread_;
};

}  // namespace tokenbroker::forward
