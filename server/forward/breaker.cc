#include "server/forward/breaker.h"

#include <algorithm>

namespace tokenbroker::forward {

bool Breaker::SeemsDown(TimeMs now) const {
  if (failures_ >= options_.failures_at_once) return true;
  return failures_ >= options_.failures && now - alive_at_ >= options_.quiet_for;
}

void Breaker::Failed(TimeMs now, bool again, double spread) {
  if (!again) ++failures_;
  if (open_ ? now < until_ : !SeemsDown(now)) return;  // stragglers tell nothing new
  open_ = true;
  const DurationMs wait = std::min(options_.open_for_max, options_.open_for << std::min(opened_, 20));
  ++opened_;
  until_ = now + wait / 2 + static_cast<DurationMs>(static_cast<double>(wait) / 2 * spread);
}

void Breaker::Alive(TimeMs now) {
  open_ = false;
  alive_at_ = now;
  until_ = 0;
  failures_ = 0;
  opened_ = 0;
}

}  // namespace tokenbroker::forward
