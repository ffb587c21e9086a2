#include "server/targets/call_quota.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <utility>

namespace tokenbroker::targets {
namespace {

// Calls are counted in millionths: at so many thousandths of a call a second, each millisecond brings as many of them.
constexpr int64_t kCall = 1'000'000;

// Throttled answers to what was sent at the same time say the same thing once.
constexpr DurationMs kEpoch = 1'000;
constexpr int64_t kShrinkPercent = 80;
// Of the full rate, in each epoch without a throttled answer.
constexpr int64_t kGrowPercent = 2;
constexpr int64_t kFloorPercent = 10;

// Calls bunch up on their way: what left within the bucket may arrive beyond it, and be throttled. So much of the burst
// stays unused: what comes in a tenth of a second, but no more than a fiftieth.
Quota WithMargin(Quota quota) {
  quota.burst -= std::min(quota.per_second / 10, quota.burst / 50);
  return quota;
}

}  // namespace

Quota PublishedQuota(std::string_view region) {
  const bool large = region == "us-east-1" || region == "us-west-2" || region == "eu-west-1";
  return large ? Quota{3'000, 500} : Quota{1'500, 300};
}

struct CallQuota::State : std::enable_shared_from_this<State> {
  State(Quota the_quota, const Clock& the_clock, outbound::Timers& the_timers)
      : quota(WithMargin(the_quota)),
        full_rate(the_quota.per_second * 1'000),
        clock(the_clock),
        timers(the_timers),
        refilled_at(clock.Now()),
        rate(full_rate),
        credit(the_quota.burst * kCall) {}

  // Shrinks with the rate.
  int64_t Burst() const {
    const double share = static_cast<double>(rate) / static_cast<double>(full_rate);
    return std::max(static_cast<int64_t>(static_cast<double>(quota.burst * kCall) * share), kCall);
  }

  void Refill() {
    const TimeMs now = clock.Now();
    credit = std::min(Burst(), credit + (now - refilled_at) * rate);
    refilled_at = now;
  }

  // Until there is credit for that many.
  DurationMs WaitFor(int64_t calls) const {
    const int64_t missing = calls * kCall - credit;
    return missing <= 0 ? 0 : (missing + rate - 1) / rate;
  }

  // The timer that serves who waits. Under the lock.
  void Arm() {
    if (armed || waiting.empty()) return;
    armed = true;
    timers.After(WaitFor(1), [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->Serve();
    });
  }

  void Serve() {
    std::deque<std::function<void()>> served;
    {
      const std::lock_guard<std::mutex> lock(mutex);
      armed = false;
      Refill();
      while (!waiting.empty() && credit >= kCall) {
        credit -= kCall;
        served.push_back(std::move(waiting.front()));
        waiting.pop_front();
      }
      Arm();
    }
    for (const auto& go : served) go();
  }

  void Learn(bool throttled) {
    const TimeMs now = clock.Now();
    if (throttled) {
      throttled_at = now;
      credit = std::min<int64_t>(credit, 0);
      if (now - shrunk_at < kEpoch) return;
      shrunk_at = now;
      rate = std::max(rate * kShrinkPercent / 100, full_rate * kFloorPercent / 100);
    } else if (now - throttled_at >= kEpoch && now - grown_at >= kEpoch) {
      grown_at = now;
      rate = std::min(rate + full_rate * kGrowPercent / 100, full_rate);
    }
  }

  const Quota quota;
  const int64_t full_rate;
  const Clock& clock;
  outbound::Timers& timers;

  mutable std::mutex mutex;  // guards all below
  TimeMs refilled_at;
  TimeMs throttled_at = 0;
  TimeMs shrunk_at = 0;
  TimeMs grown_at = 0;
  // Thousandths of a call a second.
  int64_t rate;
  int64_t credit;
  std::deque<std::function<void()>> waiting;
  bool armed = false;
};

CallQuota::CallQuota(Quota quota, const Clock& clock, outbound::Timers& timers)
    : state_(std::make_shared<State>(quota, clock, timers)) {}

CallQuota::~CallQuota() {
  std::deque<std::function<void()>> dropped;
  const std::lock_guard<std::mutex> lock(state_->mutex);
  dropped.swap(state_->waiting);
}

DurationMs CallQuota::Take(DurationMs longest_wait, std::function<void()> go) {
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->Refill();
    const bool now = state_->waiting.empty() && state_->credit >= kCall;
    if (!now) {
      const DurationMs wait = state_->WaitFor(static_cast<int64_t>(state_->waiting.size()) + 1);
      if (wait > longest_wait || state_->waiting.size() >= kMaxWaiting) return std::max<DurationMs>(wait, 1);
      state_->waiting.push_back(std::move(go));
      state_->Arm();
      return 0;
    }
    state_->credit -= kCall;
  }
  go();
  return 0;
}

void CallQuota::OnAnswer(bool throttled) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->Refill();
  state_->Learn(throttled);
}

int64_t CallQuota::available() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->Refill();
  return std::max<int64_t>(state_->credit / kCall - static_cast<int64_t>(state_->waiting.size()), 0);
}

double CallQuota::rate() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return static_cast<double>(state_->rate) / 1'000;
}

size_t CallQuota::waiting() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->waiting.size();
}

}  // namespace tokenbroker::targets
