#include "storage/rocksdb/folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "rocksdb/env.h"
#include "storage/rocksdb/status.h"

namespace tokenbroker::storage {
namespace {

namespace fs = std::filesystem;

absl::Status SystemError(absl::string_view doing) {
  return absl::UnavailableError(absl::StrCat(doing, ": ", std::strerror(errno)));
}

// Files that exist only after a database was made completely.
bool IsData(const fs::path& file) {
  return file.extension() == ".sst" || file.extension() == ".blob" || file.filename() == "acknowledged";
}

}  // namespace

absl::Status SyncPath(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return SystemError(absl::StrCat("opening ", path));
  const int failed = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  errno = error;
  return failed == 0 ? absl::OkStatus() : SystemError(absl::StrCat("syncing ", path));
}

absl::Status SyncFolder(rocksdb::Env& env, const std::string& path) {
  std::unique_ptr<rocksdb::Directory> folder;
  rocksdb::Status status = env.NewDirectory(path, &folder);
  if (status.ok()) status = folder->Fsync();
  return FromRocks(status, absl::StrCat("syncing ", path));
}

absl::Status MakeFolder(const std::string& path) {
  if (path.empty()) return absl::InvalidArgumentError("the data folder has no name");
  std::error_code error;
  if (::mkdir(path.c_str(), 0700) != 0) {
    const int why = errno;
    if (why == EEXIST && fs::is_directory(path, error)) return absl::OkStatus();
    errno = why;
    return SystemError(absl::StrCat("making the data folder ", path));
  }
  const fs::path whole = fs::absolute(path, error);
  if (error) return absl::UnavailableError(absl::StrCat("finding the folder of ", path, ": ", error.message()));
  return SyncPath(whole.lexically_normal().parent_path().string());
}

absl::Status MakePrivate(const std::string& path) {
  if (::chmod(path.c_str(), 0700) != 0 && errno != ENOENT) return SystemError(absl::StrCat("chmod of ", path));
  return absl::OkStatus();
}

absl::Status CheckNotInUse(const std::string& path) {
  const int fd = ::open((path + "/LOCK").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return errno == ENOENT ? absl::OkStatus() : SystemError(absl::StrCat("opening ", path, "/LOCK"));
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const int failed = ::fcntl(fd, F_GETLK, &lock);
  ::close(fd);
  if (failed != 0 || lock.l_type == F_UNLCK) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("in use by process ", lock.l_pid, ". Stop that broker, or verify a backup"));
}

absl::Status ForEachEntry(const std::string& path, absl::FunctionRef<absl::Status(const fs::directory_entry&)> see) {
  std::error_code error;
  // Not a range-based for: its ++ throws.
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    TB_RETURN_IF_ERROR(see(*entry));
  }
  return error ? absl::UnavailableError(absl::StrCat("listing ", path, ": ", error.message())) : absl::OkStatus();
}

absl::Status CheckFolder(const std::string& path) {
  bool has_data = false;
  bool has_current = false;
  TB_RETURN_IF_ERROR(ForEachEntry(path, [&](const fs::directory_entry& entry) {
    const fs::path& file = entry.path();
    if (file.filename() == kRestoringFile) {
      return absl::FailedPreconditionError(
          absl::StrCat("restoring a backup into ", path, " was interrupted: delete the folder and restore again"));
    }
    has_data |= IsData(file);
    has_current |= file.filename() == "CURRENT";
    return absl::OkStatus();
  }));
  if (!has_data || has_current) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(path, " holds data, but its file CURRENT is missing. Restore a backup"));
}

}  // namespace tokenbroker::storage
