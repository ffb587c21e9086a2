#include "storage/rocksdb/backup.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "storage/crc32c.h"

namespace tokenbroker::storage {
namespace {

constexpr char kTitle[] = "tokenbroker-backup 1\n";
constexpr char kCrc[] = "crc32c ";

std::string CrcLine(std::string_view lines) {
  return absl::StrCat(kCrc, absl::Hex(Crc32c(lines), absl::kZeroPad8), "\n");
}

absl::Status Damaged() { return absl::DataLossError("the file BACKUP is damaged"); }

// One line between the title and the checksum.
bool TakeLine(const std::vector<absl::string_view>& words, BackupInfo& info) {
  uint64_t number = 0;
  if (words.size() < 2 || !absl::SimpleAtoi(words[1], &number)) return false;
  if (words[0] == "format" && words.size() == 2) return info.format = static_cast<uint32_t>(number), true;
  if (words[0] == "epoch" && words.size() == 2) return info.epoch = static_cast<uint16_t>(number), true;
  if (words[0] == "time" && words.size() == 2) return info.time = static_cast<TimeMs>(number), true;
  if (words[0] != "last" || words.size() != 3 || number > 255) return false;
  return absl::SimpleAtoi(words[2], &info.last_sequences[static_cast<ShardId>(number)]);
}

}  // namespace

std::string EncodeBackupInfo(const BackupInfo& info) {
  std::string text = absl::StrCat(kTitle, "format ", info.format, "\nepoch ", info.epoch, "\ntime ", info.time, "\n");
  for (const auto& [shard, last] : info.last_sequences) absl::StrAppend(&text, "last ", shard, " ", last, "\n");
  return text + CrcLine(text);
}

absl::StatusOr<BackupInfo> DecodeBackupInfo(std::string_view text) {
  const size_t crc_at = text.rfind(kCrc);
  if (!text.starts_with(kTitle) || crc_at == std::string_view::npos) return Damaged();
  std::string_view lines = text.substr(0, crc_at);
  if (text.substr(crc_at) != CrcLine(lines)) return Damaged();
  lines.remove_prefix(sizeof kTitle - 1);
  BackupInfo info;
  for (absl::string_view line :
       absl::StrSplit(absl::string_view(lines.data(), lines.size()), '\n', absl::SkipEmpty())) {
    if (!TakeLine(absl::StrSplit(line, ' '), info)) return Damaged();
  }
  return info;
}

}  // namespace tokenbroker::storage
