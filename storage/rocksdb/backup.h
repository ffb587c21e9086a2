// The file BACKUP, which makes a folder a backup: written last, so that a folder without it is an unfinished one.
//
//   tokenbroker-backup 1
//   format <storage format>
//   epoch <epoch>
//   time <when the newest checkpoint in it was taken, milliseconds>
//   last <shard> <last sequence number>      for each shard that has a log
//   crc32c <of all lines above, 8 hexadecimal digits>
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "storage/token_store.h"

namespace tokenbroker::storage {

struct BackupInfo {
  uint32_t format = 0;
  uint16_t epoch = 0;
  TimeMs time = 0;
  // What it holds at least.
  std::map<ShardId, Sequence> last_sequences;
};

std::string EncodeBackupInfo(const BackupInfo& info);
absl::StatusOr<BackupInfo> DecodeBackupInfo(std::string_view text);

}  // namespace tokenbroker::storage
