// Getting a store back from what TokenStore::Backup made.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/rocksdb/backup.h"

namespace tokenbroker::storage {

// Reads the whole backup and checks every checksum, changing nothing. NOT_FOUND if the folder is no finished backup,
// DATA_LOSS if it is damaged or holds less than it says.
absl::StatusOr<BackupInfo> VerifyBackup(const std::string& backup_path);

// Verifies the backup and makes a data folder of it, in a new epoch: none of the sequence numbers that the lost store
// may have given after the backup is given again. `data_path` must be missing or empty. A folder in which this was
// interrupted is refused by OpenRocksDbStore; delete it and begin again.
absl::Status RestoreBackup(const std::string& backup_path, const std::string& data_path);

}  // namespace tokenbroker::storage
