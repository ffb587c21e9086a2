#include "server/forward/breaker.h"

#include <algorithm>

namespace tokenbroker::forward {

void Breaker::Failed(TimeMs now, double spread) {
  ++failures_;
  if (open_ ? now < until_ : failures_ < options_.failures) return;  // stragglers tell nothing new
  open_ = true;
  const DurationMs wait = std::min(options_.open_for_max, options_.open_for << std::min(opened_, 20));
  ++opened_;
  until_ = now + wait / 2 + static_cast<DurationMs>(static_cast<double>(wait) / 2 * spread);
}

void Breaker::Alive() {
  open_ = false;
  until_ = 0;
  failures_ = 0;
  opened_ = 0;
}

}  // namespace tokenbroker::forward
