#include "server/calls/admin_calls.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "server/broker/refusals.h"
#include "server/calls/convert.h"

namespace tokenbroker::calls {
namespace {

namespace fs = std::filesystem;

bool IsInside(const fs::path& path, const fs::path& root) {
  const auto [rest, other] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  return rest == root.end() && other != path.end();
}

uint64_t SizeOf(const fs::path& folder) {
  std::error_code error;
  uint64_t size = 0;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->is_regular_file(error)) size += it->file_size(error);
  }
  return size;
}

constexpr DurationMs kRetryWhenCopied = 5'000;

broker::Refusal BackupUnderWay() {
  return {broker::Reason::kOverloaded, "another backup is being written: one at a time", "", kRetryWhenCopied};
}

broker::Refusal BackupRefusal(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kUnimplemented:
      return broker::InvalidField("path", absl::StrCat("cannot be written: ", status.message()));
    default:
      return Fault(absl::StrCat("writing the backup: ", status.message()));
  }
}

}  // namespace

broker::Refusal CheckBackupPath(const std::string& path, const std::string& root) {
  if (path.empty()) return broker::InvalidField("path", "is required");
  if (root.empty())
    return broker::InvalidField("path", "cannot be used: this broker has no storage.backup_root configured");
  if (path.size() > 4096 || path.find('\0') != std::string::npos) {
    return broker::InvalidField("path", "must be a path of at most 4096 bytes");
  }
  std::error_code error;
  const fs::path asked = fs::path(path).lexically_normal();
  // Links on the way are followed: they must not lead out of the root either.
  const fs::path real = fs::weakly_canonical(asked, error);
  if (error) return broker::InvalidField("path", absl::StrCat("cannot be made: ", error.message()));
  const fs::path real_root = fs::weakly_canonical(root, error);
  if (!asked.is_absolute() || error || !asked.has_filename() || !IsInside(real, real_root)) {
    return broker::InvalidField("path", absl::StrCat("must be an absolute path below ", root));
  }
  if (fs::exists(real, error)) return broker::InvalidField("path", "must not exist yet");
  if (!fs::is_directory(real.parent_path(), error)) {
    return broker::InvalidField("path", "cannot be made: the folder that it is to be in does not exist");
  }
  return {};
}

void CreateBackupCall::Begin() {
  if (!(principal().everywhere & broker::kAdminister))
    return Refuse(broker::LacksRight(principal(), broker::kAdminister, "*"));
  if (const broker::Refusal refusal = CheckBackupPath(request().path(), door().backup_root)) return Refuse(refusal);
  if (!door().backups->Begin([this] { Copy(); }, [this] { Copied(); })) Refuse(BackupUnderWay());
}

void CreateBackupCall::Copy() {
  last_ = broker().committed();
  copied_ = broker().Backup(request().path());
  if (copied_.ok()) size_ = SizeOf(request().path());
}

void CreateBackupCall::Copied() {
  if (!copied_.ok()) return Refuse(BackupRefusal(copied_));
  response().set_path(request().path());
  response().set_size_bytes(size_);
  response().set_last_sequence(last_);
  SetTimestamp(broker().clock().Now(), response().mutable_at());
  Answer();
}

void GetStatusCall::Begin() {
  if (!(principal().everywhere & broker::kAdminister))
    return Refuse(broker::LacksRight(principal(), broker::kAdminister, "*"));
  Read([this] { Show(); });
}

void GetStatusCall::Show() {
  const broker::Broker::Status status = broker().GetStatus();
  const TimeMs now = broker().clock().Now();
  response().set_version(door().version);
  SetTimestamp(door().started_at, response().mutable_started_at());
  response().set_open_tasks(status.open_tasks);
  SetDuration(status.oldest_open == 0 ? 0 : now - status.oldest_open, response().mutable_oldest_open_age());
  response().set_parked_callbacks(status.parked);
  response().set_last_sequence(status.last_sequence);
  response().set_epoch(status.epoch);
  SetDuration(door().clock_offset ? door().clock_offset() : 0, response().mutable_clock_offset());
  response().set_draining(broker().draining());
  Answer();
}

}  // namespace tokenbroker::calls
