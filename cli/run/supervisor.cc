#include "cli/run/supervisor.h"

#include <signal.h>

#include <algorithm>
#include <limits>

#include "cli/error.h"
#include "cli/time_text.h"

namespace tokenbroker::cli {
namespace {

// For tasks that need no heartbeat: often enough to hear of a cancellation.
constexpr DurationMs kIdleInterval = 30'000;
constexpr DurationMs kLongestBeat = 10'000;
constexpr DurationMs kShortestBeat = 1'000;
// A beat this long after the deadline hears that the task has expired, or that its deadline was moved.
constexpr DurationMs kAfterDeadline = 50;
constexpr TimeMs kNever = std::numeric_limits<TimeMs>::max();

}  // namespace

Supervisor::Supervisor(DurationMs kill_after, Random random, TimeMs now)
    : kill_after_(kill_after), random_(random), backoff_(random), next_beat_(now), interval_(kIdleInterval) {}

TimeMs Supervisor::NextWake() const {
  const TimeMs beat = beating_ || stop_ == Stop::kEnded ? kNever : next_beat_;
  const TimeMs signal = stop_ != Stop::kNo && signals_sent_ < 2 ? next_signal_ : kNever;
  return std::min(beat, signal);
}

DurationMs Supervisor::BeatTimeout() const { return std::clamp(interval_, kShortestBeat, kLongestBeat); }

void Supervisor::OnBeatAnswered(TimeMs now, const absl::StatusOr<v1::HeartbeatResponse>& answer) {
  beating_ = false;
  if (!answer.ok()) return OnBeatRefused(now, answer.status());
  backoff_.Reset();
  if (answer->has_remaining()) deadline_ = now + ToMs(answer->remaining());
  const DurationMs timeout = ToMs(answer->heartbeat_timeout());
  interval_ = timeout > 0 ? timeout / 3 : kIdleInterval;
  ScheduleBeat(now, Jittered(interval_));
  if (answer->cancel_requested()) BeginStop(now, Stop::kCancelRequested);
}

void Supervisor::OnBeatRefused(TimeMs now, const absl::Status& error) {
  if (IsEnd(DetailsOf(error).reason) || error.code() == absl::StatusCode::kNotFound) {
    end_ = error;
    return BeginStop(now, Stop::kEnded);
  }
  const bool late = deadline_ && now > *deadline_;
  if (IsRetryable(error) && late) {
    end_ = error;
    BeginStop(now, Stop::kLost);
  }
  // Any other refusal, such as a missing right, may be mended while the work goes on.
  ScheduleBeat(now, IsRetryable(error) ? std::min(backoff_.Next(error), interval_) : interval_);
}

void Supervisor::ScheduleBeat(TimeMs now, DurationMs pause) {
  next_beat_ = now + pause;
  if (deadline_ && *deadline_ > now) next_beat_ = std::min(next_beat_, *deadline_ + kAfterDeadline);
}

// A graver reason replaces a lesser one; the signals that began with the first go on as they were.
void Supervisor::BeginStop(TimeMs now, Stop stop) {
  if (stop_ == Stop::kNo) next_signal_ = now;
  stop_ = std::max(stop_, stop);
}

int Supervisor::TakeSignal(TimeMs now) {
  if (stop_ == Stop::kNo || signals_sent_ == 2 || now < next_signal_) return 0;
  next_signal_ = now + kill_after_;
  return signals_sent_++ == 0 ? SIGTERM : SIGKILL;
}

// Plus or minus a tenth, so that workers that began together do not beat together.
DurationMs Supervisor::Jittered(DurationMs span) {
  const DurationMs tenth = span / 10;
  return span - tenth + static_cast<DurationMs>(random_() % static_cast<uint64_t>(2 * tenth + 1));
}

}  // namespace tokenbroker::cli
