// Tells a log that a power cut ended from a log that was damaged later.
//
// RocksDB's write-ahead logs and its manifest share one format: blocks of 32 KiB with checksummed records, in pieces
// where they do not fit. After a power cut the last record may be torn: it was never acknowledged, and RocksDB ends the
// log there. But it ends it in the same way at a record that was whole once, and forgets all that follows. Every write
// of ours is synced before the next begins. So if a later record begins behind the tear, the torn one had been
// acknowledged: that is damage.
//
// What this cannot see: damage to the very last record, and a log cut off between two records. See witness.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/env.h"

namespace tokenbroker::storage {

struct LogAudit {
  // Behind the last whole record before the first damage, or before the end.
  uint64_t sound_bytes = 0;
  bool torn = false;
  // A record with something in it begins behind the tear.
  bool continues = false;
};

enum class LogKind { kWriteAhead, kManifest };

// Both are exposed for tests.
LogAudit AuditLog(LogKind kind, std::string_view bytes);
// Whether a record with something in it begins anywhere in `bytes`.
bool HoldsRecord(LogKind kind, std::string_view bytes, uint64_t from);

// Names of files that CutTornLog left behind when it was interrupted end like this.
inline constexpr char kCutSuffix[] = ".cut";

struct TornLog {
  std::string path;
  uint64_t sound_bytes = 0;
  // Something that was acknowledged stands behind the tear, here or in a later log.
  bool damaged = false;
};
// The write-ahead logs in `folder` that do not end where a record ends, oldest first.
absl::StatusOr<std::vector<TornLog>> TornWriteAheadLogs(rocksdb::Env* env, const std::string& folder);

// Cuts off what is torn; durable once the folder is synced. Fine if RocksDB has deleted the log meanwhile.
absl::Status CutTornLog(rocksdb::Env* env, const TornLog& log);

struct ManifestAudit {
  uint64_t number = 0;
  uint64_t sound_bytes = 0;
};
// The current manifest, all zero if there is none yet; DATA_LOSS if it is damaged.
absl::StatusOr<ManifestAudit> AuditManifest(rocksdb::Env* env, const std::string& folder);

}  // namespace tokenbroker::storage
