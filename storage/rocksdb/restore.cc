#include "storage/rocksdb/restore.h"

#include <filesystem>
#include <fstream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "rocksdb/env.h"
#include "storage/rocksdb/folder.h"
#include "storage/rocksdb/meta.h"
#include "storage/rocksdb/status.h"
#include "storage/rocksdb/store.h"

namespace tokenbroker::storage {
namespace {

namespace fs = std::filesystem;

absl::StatusOr<BackupInfo> ReadInfo(const std::string& path) {
  const std::string file = absl::StrCat(path, "/", kBackupFile);
  std::error_code error;
  if (fs::status(file, error).type() == fs::file_type::not_found) {
    return absl::NotFoundError(absl::StrCat(path, " is not a finished backup: it has no BACKUP"));
  }
  std::string text;
  const rocksdb::Status status = rocksdb::ReadFileToString(rocksdb::Env::Default(), file, &text);
  TB_RETURN_IF_ERROR(FromRocks(status, absl::StrCat("reading ", file)));
  return DecodeBackupInfo(text);
}

absl::Status CheckHolds(const BackupInfo& info, const RocksDbStore& store) {
  if (store.identity().epoch != info.epoch) return absl::DataLossError("the backup is of another epoch than it says");
  for (const auto& [shard, last] : info.last_sequences) {
    TB_ASSIGN_OR_RETURN(const Sequence found, store.LastSequence(shard));
    TB_ASSIGN_OR_RETURN(const Sequence floor, store.Floor(shard));
    if (found >= last || floor > last) continue;
    return absl::DataLossError(
        absl::StrCat("the backup's log of shard ", shard, " ends at sequence ", found, " instead of ", last));
  }
  return absl::OkStatus();
}

// What belongs to the folder it stands in, not to the data.
bool IsData(const fs::path& file) {
  const std::string name = file.filename().string();
  return name != kBackupFile && name != "LOCK" && !name.starts_with("LOG");
}

absl::Status CopyEntry(const fs::directory_entry& entry, const std::string& to) {
  std::error_code error;
  const fs::file_status status = entry.status(error);
  if (fs::status_known(status) && (!fs::is_regular_file(status) || !IsData(entry.path()))) return absl::OkStatus();
  const fs::path copy = fs::path(to) / entry.path().filename();
  if (!error) fs::copy_file(entry.path(), copy, error);
  if (!error) return SyncPath(copy.string());
  return absl::UnavailableError(absl::StrCat("copying ", entry.path().string(), " to ", to, ": ", error.message()));
}

absl::Status CopyFiles(const std::string& from, const std::string& to) {
  TB_RETURN_IF_ERROR(ForEachEntry(from, [&](const fs::directory_entry& entry) { return CopyEntry(entry, to); }));
  return SyncPath(to);
}

absl::Status BeginRestore(const std::string& path) {
  TB_RETURN_IF_ERROR(MakeFolder(path));
  std::error_code error;
  if (!fs::is_empty(path, error) || error) {
    return absl::FailedPreconditionError(absl::StrCat("restoring needs an empty folder, and ", path, " is not empty"));
  }
  const std::string marker = absl::StrCat(path, "/", kRestoringFile);
  if (!std::ofstream(marker).good()) return absl::UnavailableError(absl::StrCat("cannot write ", marker));
  TB_RETURN_IF_ERROR(SyncPath(marker));
  return SyncPath(path);
}

absl::Status EndRestore(const std::string& path) {
  std::error_code error;
  fs::remove(fs::path(path) / kRestoringFile, error);
  if (error) return absl::UnavailableError(absl::StrCat("finishing the restore in ", path, ": ", error.message()));
  return SyncPath(path);
}

}  // namespace

absl::StatusOr<BackupInfo> VerifyBackup(const std::string& backup_path) {
  TB_ASSIGN_OR_RETURN(BackupInfo info, ReadInfo(backup_path));
  RocksDbOptions options;
  options.path = backup_path;
  options.read_only = true;
  TB_ASSIGN_OR_RETURN(const auto store, RocksDbStore::Open(options, /*begin_new_epoch=*/false));
  TB_RETURN_IF_ERROR(CheckHolds(info, *store));
  TB_RETURN_IF_ERROR(store->Verify());
  return info;
}

absl::Status RestoreBackup(const std::string& backup_path, const std::string& data_path) {
  TB_RETURN_IF_ERROR(VerifyBackup(backup_path).status());
  TB_RETURN_IF_ERROR(BeginRestore(data_path));
  TB_RETURN_IF_ERROR(CopyFiles(backup_path, data_path));
  RocksDbOptions options;
  options.path = data_path;
  TB_RETURN_IF_ERROR(RocksDbStore::Open(options, /*begin_new_epoch=*/true).status());
  return EndRestore(data_path);
}

}  // namespace tokenbroker::storage
