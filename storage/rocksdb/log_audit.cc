#include "storage/rocksdb/log_audit.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "storage/crc32c.h"
#include "storage/rocksdb/status.h"
#include "storage/wire.h"

namespace tokenbroker::storage {
namespace {

constexpr size_t kBlock = 32 << 10;
// 4 bytes masked CRC-32C of type and payload, 2 bytes length, 1 byte type.
constexpr size_t kHeader = 7;
enum PieceType : uint8_t { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };
// A write batch: 8 bytes sequence number, 4 bytes count.
constexpr size_t kBatchCountAt = 8;
constexpr size_t kBatchHeader = 12;

struct Piece {
  PieceType type;
  std::string_view payload;
};

uint32_t Mask(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

size_t LeftInBlock(uint64_t at) { return kBlock - at % kBlock; }

// The sound piece that stands at `at`, if there is one.
std::optional<Piece> PieceAt(std::string_view bytes, uint64_t at) {
  if (at + kHeader > bytes.size() || LeftInBlock(at) < kHeader) return std::nullopt;
  const char* header = bytes.data() + at;
  const uint8_t type = static_cast<uint8_t>(header[6]);
  const size_t length = static_cast<uint8_t>(header[4]) | static_cast<size_t>(static_cast<uint8_t>(header[5])) << 8;
  if (type < kFull || type > kLast) return std::nullopt;
  if (kHeader + length > LeftInBlock(at) || at + kHeader + length > bytes.size()) return std::nullopt;
  if (GetLittle32(header) != Mask(Crc32c(bytes.substr(at + kHeader - 1, length + 1)))) return std::nullopt;
  return Piece{static_cast<PieceType>(type), bytes.substr(at + kHeader, length)};
}

// RocksDB itself may write an empty batch behind a torn log.
bool HasContent(LogKind kind, const Piece& piece) {
  if (kind == LogKind::kManifest) return true;
  return piece.payload.size() >= kBatchHeader && GetLittle32(piece.payload.data() + kBatchCountAt) > 0;
}

bool AllZero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == 0; });
}

bool Fits(PieceType type, bool inside) { return inside == (type == kMiddle || type == kLast); }

absl::StatusOr<std::string> ReadWhole(rocksdb::Env* env, const std::string& path) {
  std::string bytes;
  TB_RETURN_IF_ERROR(FromRocks(rocksdb::ReadFileToString(env, path, &bytes), absl::StrCat("reading ", path)));
  return bytes;
}

std::optional<uint64_t> ParseNumber(absl::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

// By number, which is their order.
absl::StatusOr<std::map<uint64_t, std::string>> WriteAheadLogs(rocksdb::Env* env, const std::string& folder) {
  std::vector<std::string> names;
  TB_RETURN_IF_ERROR(FromRocks(env->GetChildren(folder, &names), absl::StrCat("listing ", folder)));
  std::map<uint64_t, std::string> logs;
  for (const std::string& name : names) {
    absl::string_view number = name;
    if (!absl::ConsumeSuffix(&number, ".log")) continue;
    if (const auto parsed = ParseNumber(number)) logs[*parsed] = absl::StrCat(folder, "/", name);
  }
  return logs;
}

}  // namespace

bool HoldsRecord(LogKind kind, std::string_view bytes, uint64_t from) {
  for (uint64_t at = from; at + kHeader <= bytes.size(); ++at) {
    const auto type = static_cast<uint8_t>(bytes[at + kHeader - 1]);
    if (type != kFull && type != kFirst) continue;
    const std::optional<Piece> piece = PieceAt(bytes, at);
    if (piece && HasContent(kind, *piece)) return true;
  }
  return false;
}

LogAudit AuditLog(LogKind kind, std::string_view bytes) {
  LogAudit audit;
  uint64_t at = 0;
  bool inside = false;
  while (at < bytes.size()) {
    if (LeftInBlock(at) < kHeader) {
      at += LeftInBlock(at);
      continue;
    }
    const std::optional<Piece> piece = PieceAt(bytes, at);
    if (!piece || !Fits(piece->type, inside)) break;
    inside = piece->type == kFirst || piece->type == kMiddle;
    at += kHeader + piece->payload.size();
    if (!inside) audit.sound_bytes = at;
  }
  const std::string_view rest = bytes.substr(std::min<uint64_t>(audit.sound_bytes, bytes.size()));
  audit.torn = !AllZero(rest);
  // The torn record's own beginning does not count.
  if (audit.torn) audit.continues = HoldsRecord(kind, bytes, std::max(at, audit.sound_bytes + 1));
  return audit;
}

absl::StatusOr<std::vector<TornLog>> TornWriteAheadLogs(rocksdb::Env* env, const std::string& folder) {
  std::vector<TornLog> torn;
  TB_ASSIGN_OR_RETURN(const auto logs, WriteAheadLogs(env, folder));
  for (const auto& [number, path] : logs) {
    TB_ASSIGN_OR_RETURN(const std::string bytes, ReadWhole(env, path));
    if (!torn.empty() && HoldsRecord(LogKind::kWriteAhead, bytes, 0)) torn.back().damaged = true;
    const LogAudit audit = AuditLog(LogKind::kWriteAhead, bytes);
    if (audit.torn) torn.push_back({path, audit.sound_bytes, audit.continues});
  }
  return torn;
}

absl::Status CutTornLog(rocksdb::Env* env, const TornLog& log) {
  if (env->FileExists(log.path).IsNotFound()) return absl::OkStatus();
  // The file system's interface cannot shorten files: another one takes the log's place.
  TB_ASSIGN_OR_RETURN(std::string bytes, ReadWhole(env, log.path));
  bytes.resize(log.sound_bytes);
  const std::string other = log.path + kCutSuffix;
  const std::string doing = absl::StrCat("cutting off the torn end of ", log.path);
  TB_RETURN_IF_ERROR(FromRocks(rocksdb::WriteStringToFile(env, bytes, other, /*should_sync=*/true), doing));
  return FromRocks(env->RenameFile(other, log.path), doing);
}

absl::StatusOr<ManifestAudit> AuditManifest(rocksdb::Env* env, const std::string& folder) {
  if (env->FileExists(folder + "/CURRENT").IsNotFound()) return ManifestAudit{};
  TB_ASSIGN_OR_RETURN(const std::string current, ReadWhole(env, folder + "/CURRENT"));
  absl::string_view name = current;
  std::optional<uint64_t> number;
  if (absl::ConsumeSuffix(&name, "\n") && absl::ConsumePrefix(&name, "MANIFEST-")) number = ParseNumber(name);
  if (!number) return absl::DataLossError(absl::StrCat(folder, "/CURRENT is damaged"));
  const std::string path = absl::StrCat(folder, "/MANIFEST-", name);
  if (env->FileExists(path).IsNotFound()) return absl::DataLossError(absl::StrCat(path, " is missing"));
  TB_ASSIGN_OR_RETURN(const std::string bytes, ReadWhole(env, path));
  const LogAudit audit = AuditLog(LogKind::kManifest, bytes);
  if (audit.continues) return absl::DataLossError(absl::StrCat(path, " is damaged at byte ", audit.sound_bytes));
  return ManifestAudit{*number, audit.sound_bytes};
}

}  // namespace tokenbroker::storage
