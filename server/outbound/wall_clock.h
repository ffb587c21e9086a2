// The time of day, for what others compare with theirs: signatures, expirations of credentials.
#pragma once

#include "base/system_clock.h"

namespace tokenbroker::outbound {

// Follows the machine's settable clock at once, so that, other than Clock promises, it may go back when somebody sets
// it. Spans are not to be measured by it: the broker's clock is for that.
class WallClock : public Clock {
 public:
  TimeMs Now() const override { return WallMicros() / 1000; }
};

}  // namespace tokenbroker::outbound
