// The tasks that wait, in memory: 24 bytes each.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"
#include "server/broker/block_set.h"

namespace tokenbroker::broker {

// What must be known of a waiting task without touching the disk. Checkpoints have these bytes as they are: another
// layout is another storage format (docs/storage-format.md).
struct OpenTask {
  static constexpr char kSetName[] = "the open set";

  uint64_t deadline : 45;        // ms since the epoch, good until the year 3084
  uint64_t lane : 19;            // its namespace and target; index into the table of lanes
  uint64_t last_heartbeat : 45;  // ms since the epoch: when the running heartbeat interval began
  uint64_t attempt : 16;
  uint64_t cancel_requested : 1;
  uint64_t has_contract : 1;
  uint64_t has_beaten : 1;          // false: last_heartbeat is the time of issue or of the restart
  uint64_t heartbeat_timeout : 35;  // ms; 0: none. 366 days fit
  uint64_t deadline_moved : 1;      // it is not the one of the issue entry any more
  uint64_t armed : 26;              // when its timer goes off, in units of 2^16 ms, good until 2109; 0: it has none
  uint64_t has_upstream : 1;        // an engine's token was registered with it
  uint64_t beat_awaited : 1;        // its next heartbeat is news (beat_feed.h)

  TimeMs HeartbeatDue() const {
    return heartbeat_timeout == 0 ? INT64_MAX : static_cast<TimeMs>(last_heartbeat + heartbeat_timeout);
  }
  TimeMs Due() const { return std::min(static_cast<TimeMs>(deadline), HeartbeatDue()); }
  // The unit of `armed` that a timer goes off in.
  static constexpr uint64_t ArmedUnit(TimeMs due) { return static_cast<uint64_t>(due) >> 16; }
  // As records of the log say it: 0 while it is the one of the issue entry.
  TimeMs MovedDeadline() const { return deadline_moved ? static_cast<TimeMs>(deadline) : 0; }
};
static_assert(sizeof(OpenTask) == 24);

using OpenSet = BlockSet<OpenTask>;

}  // namespace tokenbroker::broker
