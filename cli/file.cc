#include "cli/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/shown_word.h"
#include "base/status_macros.h"

namespace tokenbroker::cli {
namespace {

absl::Status CannotRead(const std::string& what) {
  return absl::InvalidArgumentError("cannot read " + what + ": " + std::strerror(errno));
}

ssize_t ReadSome(int fd, char* buffer, size_t size) {
  ssize_t got;
  do {
    got = read(fd, buffer, size);
  } while (got < 0 && errno == EINTR);
  return got;
}

}  // namespace

// A token that was given for the name of its file has no slash.
std::string ShownPath(const std::string& path) { return path.find('/') == std::string::npos ? Shown(path) : path; }

absl::StatusOr<std::string> ReadAll(int fd) {
  std::string content;
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t got = ReadSome(fd, buffer.data(), buffer.size());
    if (got < 0) return CannotRead("the input");
    if (got == 0) return content;
    content.append(buffer.data(), static_cast<size_t>(got));
  }
}

absl::StatusOr<std::string> ReadLine(int fd) {
  std::string line;
  char c;
  while (true) {
    const ssize_t got = ReadSome(fd, &c, 1);
    if (got < 0) return CannotRead("the input");
    if (got == 0 || c == '\n') return line;
    line.push_back(c);
  }
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return CannotRead(ShownPath(path));
  auto content = ReadAll(fd);
  const int error = errno;
  close(fd);
  errno = error;
  if (!content.ok()) return CannotRead(ShownPath(path));
  return content;
}

absl::StatusOr<std::string> ReadSecretFile(const std::string& path) {
  TB_ASSIGN_OR_RETURN(const std::string content, ReadFile(path));
  std::string secret = Trim(content);
  if (secret.empty()) return absl::InvalidArgumentError(path + " is empty");
  return secret;
}

absl::Status CheckReplaceable(const std::string& path) {
  struct stat info;
  if (lstat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode)) return absl::OkStatus();
  const char* what = S_ISLNK(info.st_mode)   ? "is a symbolic link"
                     : S_ISDIR(info.st_mode) ? "is a folder"
                                             : "is no file";
  return absl::InvalidArgumentError(path + " " + what + " and would be replaced; name a file, or a new one");
}

absl::Status ReplaceFile(const std::string& path, const std::string& content) {
  TB_RETURN_IF_ERROR(CheckReplaceable(path));
  const std::string draft = path + ".new";
  std::FILE* file = std::fopen(draft.c_str(), "we");
  if (file == nullptr)
    return absl::InvalidArgumentError("cannot write " + ShownPath(draft) + ": " + std::strerror(errno));
  const bool written = std::fwrite(content.data(), 1, content.size(), file) == content.size();
  if (std::fclose(file) != 0 || !written || std::rename(draft.c_str(), path.c_str()) != 0) {
    return absl::InvalidArgumentError("cannot write " + ShownPath(path) + ": " + std::strerror(errno));
  }
  return absl::OkStatus();
}

std::string Trim(const std::string& text) {
  constexpr char kSpace[] = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

}  // namespace tokenbroker::cli
