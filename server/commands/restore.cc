// `tokenbroker restore BACKUP NEWDIR`: makes a data folder of a backup.

#include "storage/rocksdb/restore.h"

#include <iostream>

#include "server/commands/commands.h"
#include "storage/rocksdb/folder.h"

namespace tokenbroker {

int RestoreCommand(const Arguments& args) {
  if (args.size() != 2) {
    std::cerr << "usage: tokenbroker restore BACKUP NEWDIR\n";
    return kExitUsage;
  }
  absl::Status status = storage::MakeFolder(args[1]);
  if (status.ok()) status = storage::RestoreBackup(args[0], args[1] + "/db");
  if (!status.ok()) {
    std::cerr << "restore: " << status.message() << "\n";
    return EXIT_FAILURE;
  }
  std::cout << "Restored to " << args[1] << ".\n"
            << "Backups do not hold the token keys: copy token-keys.json there before the first start; without it the "
               "broker\n"
            << "does not start.\n";
  return EXIT_SUCCESS;
}

}  // namespace tokenbroker
