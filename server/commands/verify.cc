// `tokenbroker verify DIR`: reads a whole data folder, or a backup, and checks every checksum. No broker may have it
// open.

#include <filesystem>
#include <iostream>

#include "base/status_macros.h"
#include "server/commands/commands.h"
#include "storage/rocksdb/folder.h"
#include "storage/rocksdb/restore.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace tokenbroker {
namespace {

absl::Status VerifyStore(const std::string& path) {
  TB_RETURN_IF_ERROR(storage::CheckNotInUse(path));
  storage::RocksDbOptions options;
  options.path = path;
  options.read_only = true;
  TB_ASSIGN_OR_RETURN(const std::unique_ptr<storage::TokenStore> store, storage::OpenRocksDbStore(options));
  return store->Verify();
}

absl::Status Verify(const std::filesystem::path& folder) {
  if (std::filesystem::exists(folder / storage::kBackupFile)) return storage::VerifyBackup(folder.string()).status();
  if (!std::filesystem::exists(folder / "db")) return absl::NotFoundError("is neither a data folder nor a backup");
  return VerifyStore((folder / "db").string());
}

}  // namespace

int VerifyCommand(const Arguments& args) {
  if (args.size() != 1) {
    std::cerr << "usage: tokenbroker verify DIR\n";
    return kExitUsage;
  }
  if (const absl::Status status = Verify(args[0]); !status.ok()) {
    std::cerr << args[0] << ": " << status.message() << "\n";
    return EXIT_FAILURE;
  }
  std::cout << args[0] << ": everything there, every checksum right\n";
  return EXIT_SUCCESS;
}

}  // namespace tokenbroker
