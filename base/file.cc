#include "base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace tokenbroker {
namespace {

constexpr size_t kFirstBytes = 1 << 16;

absl::Status Reason(int error) { return absl::Status(absl::ErrnoToStatusCode(error), std::strerror(error)); }

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int fd() const { return fd_; }

 private:
  const int fd_;
};

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return path.substr(0, std::max<size_t>(slash, 1));
}

absl::Status WriteDraft(const std::string& path, std::string_view bytes, mode_t mode) {
  // Not opened if it is there: one left behind may have rights that this one must not.
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return Reason(errno);
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (file.fd() < 0) return Reason(errno);
  TB_RETURN_IF_ERROR(WriteAll(file.fd(), bytes));
  return fsync(file.fd()) == 0 ? absl::OkStatus() : Reason(errno);
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) return Reason(errno);
  return ReadAll(file.fd(), max_bytes);
}

absl::StatusOr<std::string> ReadAll(int fd, size_t max_bytes) {
  // Where a small file is a key, no other copy of it is left in memory.
  std::string bytes(kFirstBytes, '\0');
  size_t size = 0;
  for (;;) {
    if (size == bytes.size()) bytes.resize(2 * size);
    const ssize_t got = read(fd, bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno != EINTR) return Reason(errno);
    size += std::max<ssize_t>(got, 0);
    if (size > max_bytes) return absl::OutOfRangeError(absl::StrCat("larger than ", max_bytes, " bytes"));
    if (got != 0) continue;
    bytes.resize(size);
    return bytes;
  }
}

absl::Status WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return Reason(errno);
    bytes.remove_prefix(std::max<ssize_t>(written, 0));
  }
  return absl::OkStatus();
}

absl::Status SyncFolder(int folder) {
  if (fsync(folder) == 0 || errno == EINVAL || errno == EBADF) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("cannot sync the folder: ", std::strerror(errno)));
}

absl::Status ReplaceFile(const std::string& path, std::string_view bytes, mode_t mode) {
  const Descriptor folder(open(FolderOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.fd() < 0) return Reason(errno);
  const std::string draft = path + ".new";
  absl::Status status = WriteDraft(draft, bytes, mode);
  if (status.ok() && std::rename(draft.c_str(), path.c_str()) != 0) status = Reason(errno);
  if (status.ok()) return SyncFolder(folder.fd());
  unlink(draft.c_str());
  return status;
}

}  // namespace tokenbroker
