// The decisions of `run`: when to beat, when to stop the child, and why. No threads, no processes, no clock of its own.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "cli/retry.h"
#include "tokenbroker/v1/resolver_service.pb.h"

namespace tokenbroker::cli {

class Supervisor {
 public:
  // From the least to the gravest.
  enum class Stop {
    kNo,
    // Somebody asked for cancellation; the task is still open, so the beats go on until the child has ended.
    kCancelRequested,
    // The deadline passed while the broker was away: nothing can be settled any more.
    kLost,
    // The task has ended; end() says how.
    kEnded,
  };

  // The first beat is due at once. `kill_after`: from SIGTERM to SIGKILL.
  Supervisor(DurationMs kill_after, Random random, TimeMs now);

  // When something is due next.
  TimeMs NextWake() const;

  bool IsBeatDue(TimeMs now) const { return !beating_ && stop_ != Stop::kEnded && now >= next_beat_; }
  // How long a beat may take.
  DurationMs BeatTimeout() const;
  void OnBeatSent() { beating_ = true; }
  void OnBeatAnswered(TimeMs now, const absl::StatusOr<v1::HeartbeatResponse>& answer);

  // SIGTERM once, SIGKILL once later, otherwise 0. A signal returned counts as sent.
  int TakeSignal(TimeMs now);

  Stop stop() const { return stop_; }
  // What ended the task, or kept the broker away; OK before that.
  const absl::Status& end() const { return end_; }
  bool has_stopped_child() const { return signals_sent_ > 0; }
  // When the task expires, as last heard.
  std::optional<TimeMs> deadline() const { return deadline_; }

 private:
  void OnBeatRefused(TimeMs now, const absl::Status& error);
  void BeginStop(TimeMs now, Stop stop);
  void ScheduleBeat(TimeMs now, DurationMs pause);
  DurationMs Jittered(DurationMs span);

  const DurationMs kill_after_;
  Random random_;
  Backoff backoff_;

  bool beating_ = false;
  TimeMs next_beat_;
  DurationMs interval_;
  std::optional<TimeMs> deadline_;

  Stop stop_ = Stop::kNo;
  absl::Status end_;
  int signals_sent_ = 0;
  TimeMs next_signal_ = 0;
};

}  // namespace tokenbroker::cli
