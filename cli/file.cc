#include "cli/file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/shown_word.h"
#include "base/status_macros.h"

namespace tokenbroker::cli {
namespace {

// Much more than the broker takes of anything.
constexpr size_t kMaxBytes = 16 << 20;

absl::Status Cannot(const char* what, const std::string& name, const absl::Status& why) {
  return absl::InvalidArgumentError(absl::StrCat("cannot ", what, " ", name, ": ", why.message()));
}

}  // namespace

// A token that was given for the name of its file has no slash.
std::string ShownPath(const std::string& path) { return path.find('/') == std::string::npos ? Shown(path) : path; }

absl::StatusOr<std::string> ReadAll(int fd) {
  absl::StatusOr<std::string> content = tokenbroker::ReadAll(fd, kMaxBytes);
  if (!content.ok()) return Cannot("read", "the input", content.status());
  return content;
}

absl::StatusOr<std::string> ReadLine(int fd) {
  std::string line;
  char c;
  while (true) {
    const ssize_t got = read(fd, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::InvalidArgumentError(std::string("cannot read the input: ") + std::strerror(errno));
    if (got == 0 || c == '\n') return line;
    line.push_back(c);
  }
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  absl::StatusOr<std::string> content = tokenbroker::ReadFile(path, kMaxBytes);
  if (!content.ok()) return Cannot("read", ShownPath(path), content.status());
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
  const absl::Status status = tokenbroker::ReplaceFile(path, content, 0666);
  return status.ok() ? status : Cannot("write", ShownPath(path), status);
}

std::string Trim(const std::string& text) {
  constexpr char kSpace[] = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

}  // namespace tokenbroker::cli
