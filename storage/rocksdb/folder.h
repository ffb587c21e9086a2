// The data folder as a folder: making it, and telling whether it may be opened.
#pragma once

#include <filesystem>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace rocksdb {
class Env;
}

namespace tokenbroker::storage {

// Stands in a folder while a backup is being restored into it.
inline constexpr char kRestoringFile[] = "RESTORING";
// Makes a folder a backup.
inline constexpr char kBackupFile[] = "BACKUP";

// Makes the folder, for its owner only, and syncs its parent; fine if it is there.
absl::Status MakeFolder(const std::string& path);

// Leaves a folder to its owner alone.
absl::Status MakePrivate(const std::string& path);

// FAILED_PRECONDITION if another process has the database in this folder open.
absl::Status CheckNotInUse(const std::string& path);

// Syncs the entries of a folder, or the contents of a file.
absl::Status SyncPath(const std::string& path);

// Syncs the entries of a folder of the database, in its own environment, which tests replace.
absl::Status SyncFolder(rocksdb::Env& env, const std::string& path);

// Shows `see` each entry of a folder until it fails. UNAVAILABLE if the folder cannot be listed.
absl::Status ForEachEntry(const std::string& path,
                          absl::FunctionRef<absl::Status(const std::filesystem::directory_entry&)> see);

// FAILED_PRECONDITION for half a restore; DATA_LOSS for a folder that has a database's files but not the one that names
// them: RocksDB would begin an empty database there.
absl::Status CheckFolder(const std::string& path);

}  // namespace tokenbroker::storage
