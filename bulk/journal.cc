#include "bulk/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "bulk/line_reader.h"

namespace tokenbroker::bulk {
namespace {

static_assert(v1::Verdict_ARRAYSIZE == std::tuple_size<Journal::Counts>());

constexpr size_t kWriteBytes = 1 << 16;

absl::Status Failed(const char* what, const std::string& name, absl::string_view why) {
  return absl::UnavailableError(absl::StrCat("cannot ", what, " ", name, ": ", why));
}

absl::Status Failed(const char* what, const std::string& name) { return Failed(what, name, std::strerror(errno)); }

absl::Status Write(int fd, std::string_view text, const std::string& name) {
  const absl::Status status = WriteAll(fd, text);
  return status.ok() ? status : Failed("write", name, status.message());
}

absl::Status CopyStart(int from, int to, off_t bytes, const std::string& name) {
  std::string piece(kWriteBytes, '\0');
  for (off_t done = 0; done < bytes;) {
    const ssize_t got = pread(from, piece.data(), std::min<off_t>(kWriteBytes, bytes - done), done);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = EIO;
    if (got <= 0) return Failed("read", name);
    TB_RETURN_IF_ERROR(Write(to, {piece.data(), static_cast<size_t>(got)}, name));
    done += got;
  }
  return absl::OkStatus();
}

// A file system that has no locks is taken at its word.
bool TakeLock(int fd) { return flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK; }

// Whether the name stands for the open file: another run may have put its own there before ours was locked.
bool IsAt(int fd, int folder, const std::string& name) {
  struct stat open, named;
  return fstat(fd, &open) == 0 && fstatat(folder, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

// "@ 17 rest" and "= 17 rest": the number, and what stands behind it.
bool SplitRecord(absl::string_view record, uint64_t* line, absl::string_view* rest) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(record.substr(2), absl::MaxSplits(' ', 1));
  *rest = parts.second;
  return absl::SimpleAtoi(parts.first, line);
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }

 private:
  const int fd_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(Place place, const std::string& identity) {
  const int fd = openat(place.folder, place.name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return Failed("open", place.name);
  std::unique_ptr<Journal> journal(new Journal(std::move(place), fd));
  if (!TakeLock(fd) || !IsAt(fd, journal->place_.folder, journal->place_.name)) {
    return absl::AbortedError("another process is at work on this file");
  }
  TB_RETURN_IF_ERROR(journal->Load(identity));
  return journal;
}

Journal::~Journal() { close(fd_); }

absl::Status Journal::Load(const std::string& identity) {
  struct stat info;
  if (fstat(fd_, &info) != 0) return Failed("look at", place_.name);
  const std::string first = absl::StrCat("# ", identity);
  LineReader lines(fd_);
  off_t good = 0;
  for (std::string line; true;) {
    TB_ASSIGN_OR_RETURN(const LineSource::Next next, lines.Read(line, true));
    const off_t end = good + static_cast<off_t>(line.size()) + 1;
    // The last line lacks its end if the run was killed while writing.
    if (next != LineSource::Next::kLine || end > info.st_size) break;
    if (good == 0 ? line != first : !Take(line)) break;
    good = end;
  }
  resumed_ = good > 0;
  return resumed_ ? Rewrite(good) : Begin(first);
}

absl::Status Journal::Begin(const std::string& first) {
  if (ftruncate(fd_, 0) != 0 || lseek(fd_, 0, SEEK_SET) < 0) return Failed("write", place_.name);
  unwritten_ = first + "\n";
  TB_RETURN_IF_ERROR(Sync());
  return SyncFolder(place_.folder);
}

absl::Status Journal::Rewrite(off_t good) {
  const std::string fresh = place_.name + ".new";
  const int fd = openat(place_.folder, fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return Failed("write", fresh);
  const Descriptor old(std::exchange(fd_, fd));
  if (!TakeLock(fd_)) return absl::AbortedError("another process is at work on this file");
  TB_RETURN_IF_ERROR(CopyStart(old.fd(), fd_, good, place_.name));
  if (fsync(fd_) != 0) return Failed("sync", fresh);
  if (renameat(place_.folder, fresh.c_str(), place_.folder, place_.name.c_str()) != 0) {
    return Failed("write", place_.name);
  }
  return SyncFolder(place_.folder);
}

bool Journal::Take(std::string_view record) {
  const absl::string_view text(record.data(), record.size());
  absl::string_view rest;
  uint64_t line;
  if (text.size() < 3 || !SplitRecord(text, &line, &rest) || line <= last_line_) return false;
  if (text[0] == '@') {
    tasks_[line] = std::string(rest);
    return true;
  }
  int verdict;
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(rest, absl::MaxSplits(' ', 1));
  if (text[0] != '=' || !absl::SimpleAtoi(parts.first, &verdict) || !v1::Verdict_IsValid(verdict)) {
    return false;
  }
  Judged(line, static_cast<v1::Verdict>(verdict));
  return true;
}

void Journal::Judged(uint64_t line, v1::Verdict verdict) {
  ++counts_[static_cast<size_t>(verdict)];
  if (verdict > v1::VERDICT_PARKED && first_refusal_ == v1::VERDICT_UNSPECIFIED) first_refusal_ = verdict;
  last_line_ = line;
  tasks_.erase(tasks_.begin(), tasks_.upper_bound(line));
}

std::string Journal::TaskOf(uint64_t line) const {
  const auto found = tasks_.find(line);
  return found == tasks_.end() ? "" : found->second;
}

void Journal::AddTask(uint64_t line, const std::string& task_id) {
  absl::StrAppend(&unwritten_, "@ ", line, " ", task_id, "\n");
}

void Journal::AddVerdict(uint64_t line, v1::Verdict verdict, const std::string& text) {
  absl::StrAppend(&unwritten_, "= ", line, " ", static_cast<int>(verdict), " ", text, "\n");
  Judged(line, verdict);
}

absl::Status Journal::Sync() {
  if (unwritten_.empty()) return absl::OkStatus();
  TB_RETURN_IF_ERROR(Write(fd_, unwritten_, place_.name));
  unwritten_.clear();
  if (fdatasync(fd_) != 0) return Failed("sync", place_.name);
  return absl::OkStatus();
}

absl::Status Journal::WriteResults(int fd, const std::string& header) {
  std::string text = header.empty() ? "" : header + "\n";
  if (lseek(fd_, 0, SEEK_SET) < 0) return Failed("read", place_.name);
  LineReader lines(fd_);
  for (std::string line; true;) {
    TB_ASSIGN_OR_RETURN(const LineSource::Next next, lines.Read(line, true));
    if (next == LineSource::Next::kLine && line[0] != '=') continue;
    const bool ended = next != LineSource::Next::kLine;
    // Behind "= LINE VERDICT ".
    if (!ended) absl::StrAppend(&text, line.substr(line.find(' ', line.find(' ', 2) + 1) + 1), "\n");
    if (text.size() < kWriteBytes && !ended) continue;
    TB_RETURN_IF_ERROR(Write(fd, text, place_.name));
    text.clear();
    if (ended) return absl::OkStatus();
  }
}

absl::Status Journal::Publish(const Place& results, const std::string& header) {
  TB_RETURN_IF_ERROR(Sync());
  const std::string fresh = place_.name + ".new";
  const Descriptor file(
      openat(place_.folder, fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640));
  if (file.fd() < 0) return Failed("write", fresh);
  TB_RETURN_IF_ERROR(WriteResults(file.fd(), header));
  if (fsync(file.fd()) != 0) return Failed("sync", fresh);
  if (renameat(place_.folder, fresh.c_str(), results.folder, results.name.c_str()) != 0) {
    return Failed("write", results.name);
  }
  return SyncFolder(results.folder);
}

absl::Status Journal::Remove() {
  if (unlinkat(place_.folder, place_.name.c_str(), 0) != 0 && errno != ENOENT) return Failed("remove", place_.name);
  return absl::OkStatus();
}

}  // namespace tokenbroker::bulk
