#include "server/drop/drop_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "base/text.h"

namespace tokenbroker::drop {
namespace {

// Leaves room for ".9999", ".results.jsonl" and ".part.new" within the 255 bytes of a name.
constexpr size_t kMaxName = 200;
constexpr int kMaxNumber = 9'999;

absl::Status Failed(const char* what) { return absl::UnavailableError(absl::StrCat(what, ": ", std::strerror(errno))); }

absl::StatusOr<OpenFile> OpenFolder(int parent, const char* name) {
  if (mkdirat(parent, name, 0777) != 0 && errno != EEXIST) return Failed("cannot make the folder");
  OpenFile folder(openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (folder.fd() < 0) return Failed("cannot open the folder");
  return folder;
}

// Calls `visit` for each name until it says false.
absl::Status ForEachName(int folder, const std::function<bool(const std::string&)>& visit) {
  const int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const stream = fd < 0 ? nullptr : fdopendir(fd);
  if (stream == nullptr) {
    const absl::Status failed = Failed("cannot list the folder");
    if (fd >= 0) close(fd);
    return failed;
  }
  errno = 0;
  const dirent* entry;
  while ((entry = readdir(stream)) != nullptr && visit(entry->d_name)) errno = 0;
  const absl::Status status = entry == nullptr && errno != 0 ? Failed("cannot list the folder") : absl::OkStatus();
  closedir(stream);
  return status;
}

FileStamp StampOf(const struct stat& info) {
  return {info.st_ino, info.st_size, int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec};
}

// Nothing that is not a regular file is opened for longer than it takes to see that: a FIFO would block, a link lead
// elsewhere.
absl::StatusOr<OpenFile> OpenRegular(int folder, const std::string& name, FileStamp* stamp) {
  OpenFile file(openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (file.fd() < 0) return Failed("cannot open it");
  struct stat info;
  if (fstat(file.fd(), &info) != 0) return Failed("cannot look at it");
  if (!S_ISREG(info.st_mode)) return absl::UnavailableError("is not a regular file");
  *stamp = StampOf(info);
  return file;
}

// A read lease is granted only while nobody has the file open for writing. Where there are no leases (NFS, another
// owner) nothing is known, and the settling time has to do. Whoever opens the file meanwhile makes the kernel send a
// signal: one that is ignored, not SIGIO, which would end the process.
bool IsOpenForWriting(int fd) {
  fcntl(fd, F_SETSIG, SIGURG);
  if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN;
  fcntl(fd, F_SETLEASE, F_UNLCK);
  return false;
}

// What is wrong with a name for good; empty if nothing is.
std::string RefusalOf(int folder, const std::string& name, FileStamp* stamp) {
  if (name.size() > kMaxName) return "its name is longer than 200 bytes";
  if (!IsValidUtf8(name) || HasControlCharacters(name)) return "its name has control characters or is not UTF-8";
  struct stat info;
  if (fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return std::strerror(errno);
  if (!S_ISREG(info.st_mode)) return "is not a regular file";
  *stamp = StampOf(info);
  return "";
}

bool Exists(int folder, const std::string& name) {
  struct stat info;
  return fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
}

std::string ResultsName(const std::string& name) {
  return name + bulk::ResultsSuffix(bulk::FormatOf(name).value_or(bulk::Format::kJsonLines));
}

}  // namespace

OpenFile::OpenFile(OpenFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

OpenFile& OpenFile::operator=(OpenFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

OpenFile::~OpenFile() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<std::unique_ptr<DropFolder>> DropFolder::Open(const std::string& path) {
  std::unique_ptr<DropFolder> folder(new DropFolder);
  folder->root_ = OpenFile(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const int root = folder->root_.fd();
  if (root < 0) return Failed("cannot open the folder");
  TB_ASSIGN_OR_RETURN(folder->work_, OpenFolder(root, ".work"));
  TB_ASSIGN_OR_RETURN(folder->done_, OpenFolder(root, "done"));
  TB_ASSIGN_OR_RETURN(folder->failed_, OpenFolder(root, "failed"));
  folder->lock_ =
      OpenFile(openat(folder->work_.fd(), "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  if (folder->lock_.fd() < 0) return Failed("cannot write into the folder");
  if (flock(folder->lock_.fd(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return absl::AbortedError("another broker watches the folder");
  }
  return folder;
}

absl::StatusOr<DropFolder::Listing> DropFolder::List() const {
  Listing listing;
  TB_RETURN_IF_ERROR(ForEachName(root_.fd(), [&](const std::string& name) {
    if (name[0] == '.' || !bulk::FormatOf(name)) return true;
    FileStamp stamp;
    std::string refusal = RefusalOf(root_.fd(), name, &stamp);
    if (refusal.empty()) {
      listing.files[name] = stamp;
    } else if (listing.refused.size() < kMaxFiles) {
      listing.refused[name] = std::move(refusal);
    }
    return listing.files.size() < kMaxFiles;
  }));
  return listing;
}

absl::StatusOr<std::string> DropFolder::Take(const std::string& name, const FileStamp& listed) {
  FileStamp now;
  TB_ASSIGN_OR_RETURN(const OpenFile file, OpenRegular(root_.fd(), name, &now));
  if (now != listed || IsOpenForWriting(file.fd())) return absl::FailedPreconditionError("is being written");
  TB_ASSIGN_OR_RETURN(const std::string taken, FreeName(name));
  if (renameat(root_.fd(), name.c_str(), work_.fd(), taken.c_str()) != 0) return Failed("cannot take it");
  struct stat info;
  if (fstatat(work_.fd(), taken.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 || StampOf(info) != listed) {
    // Somebody put another one in its place between two of our steps: back with it, unless a third one is there.
    renameat2(work_.fd(), taken.c_str(), root_.fd(), name.c_str(), RENAME_NOREPLACE);
    return absl::FailedPreconditionError("is being written");
  }
  TB_RETURN_IF_ERROR(SyncFolder(work_.fd()));
  return taken;
}

bool DropFolder::IsFree(const std::string& name) const {
  const std::string results = ResultsName(name);
  for (const int folder : {work_.fd(), done_.fd(), failed_.fd()}) {
    if (Exists(folder, name) || Exists(folder, results)) return false;
  }
  return true;
}

absl::StatusOr<std::string> DropFolder::FreeName(const std::string& name) const {
  if (IsFree(name)) return name;
  const size_t dot = name.rfind('.');
  for (int number = 2; number <= kMaxNumber; ++number) {
    const std::string numbered = absl::StrCat(name.substr(0, dot), ".", number, name.substr(dot));
    if (IsFree(numbered)) return numbered;
  }
  return absl::UnavailableError("9999 files of its name were settled before: clear the folders done and failed");
}

absl::StatusOr<std::vector<std::string>> DropFolder::Taken() const {
  std::vector<std::string> names;
  TB_RETURN_IF_ERROR(ForEachName(work_.fd(), [&](const std::string& name) {
    if (bulk::FormatOf(name)) names.push_back(name);
    return names.size() < kMaxFiles;
  }));
  return names;
}

absl::StatusOr<OpenFile> DropFolder::OpenTaken(const std::string& name) const {
  FileStamp stamp;
  return OpenRegular(work_.fd(), name, &stamp);
}

bulk::Place DropFolder::JournalOf(const std::string& name) const { return {work_.fd(), name + ".part"}; }

bulk::Place DropFolder::ResultsOf(const std::string& name, bool failed) const {
  return {FolderFor(failed), ResultsName(name)};
}

bool DropFolder::HasResults(const std::string& name, bool failed) const {
  return Exists(FolderFor(failed), ResultsName(name));
}

absl::Status DropFolder::PutAway(const std::string& name, bool failed) {
  const int folder = FolderFor(failed);
  if (renameat(work_.fd(), name.c_str(), folder, name.c_str()) != 0) return Failed("cannot put it away");
  return SyncFolder(folder);
}

}  // namespace tokenbroker::drop
