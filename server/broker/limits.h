// The bounds that the rules keep, with the defaults of server/config.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace tokenbroker::broker {

inline constexpr DurationMs kDefaultParkTime = 15 * 60 * 1000;
inline constexpr DurationMs kMaxParkTime = DurationMs{7} * 24 * 3600 * 1000;
inline constexpr DurationMs kMaxGrace = DurationMs{24} * 3600 * 1000;
inline constexpr DurationMs kMaxAwait = 3600 * 1000;

struct Limits {
  uint64_t open_tasks_per_namespace = 20'000'000;
  uint64_t parked_per_namespace = 10'000;
  uint64_t parked_bytes = uint64_t{256} << 20;  // all namespaces together; parked outcomes stand in memory
  uint64_t namespaces = 10'000;
  uint64_t queue_operations = 65'536;
  uint64_t queue_bytes = uint64_t{256} << 20;  // of payload
  uint64_t queue_reads = 10'000;
  uint64_t awaits = 100'000;
  uint64_t progress_bytes = uint64_t{64} << 20;
  // Reasons of cancellations whose grace time runs.
  uint64_t cancel_reason_bytes = uint64_t{64} << 20;
  // How many deadlines may be served in one commit.
  size_t expiries_per_commit = 4096;
};

struct RetentionPolicy {
  // How long an ended task is kept.
  DurationMs resolved = DurationMs{7} * 24 * 3600 * 1000;
  // How old a stretch of log gets before what still waits in it is copied out of it.
  DurationMs hold_after = 3600 * 1000;
};

struct CheckpointPolicy {
  // Take one when so many index entries are only in memory,
  size_t entries = 1'000'000;
  // or when so much time has passed since the last and anything has changed.
  DurationMs interval = 10 * 60 * 1000;
};

}  // namespace tokenbroker::broker
