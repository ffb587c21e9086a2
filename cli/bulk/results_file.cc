#include "cli/bulk/results_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/status_macros.h"
#include "bulk/result.h"
#include "cli/file.h"

namespace tokenbroker::cli {
namespace {

// Whoever changes the file means another one.
std::string IdentityOf(const ResultsFile::Input& input) {
  struct stat info {};
  fstat(input.fd, &info);
  return std::to_string(info.st_size) + " " + std::to_string(info.st_mtim.tv_sec) + "." +
         std::to_string(info.st_mtim.tv_nsec) + " " + (input.format == bulk::Format::kCsv ? "csv " : "jsonl ") +
         input.name_space;
}

bool IsInput(const std::string& path, const ResultsFile::Input& input) {
  struct stat there, read;
  return stat(path.c_str(), &there) == 0 && fstat(input.fd, &read) == 0 && there.st_dev == read.st_dev &&
         there.st_ino == read.st_ino;
}

// The results, the journal beside them and its next version: none of them may be put in the place of what is no file of
// ours.
absl::Status CheckPlaces(const std::string& path, const ResultsFile::Input& input) {
  for (const std::string& place : {path, path + ".part", path + ".part.new"}) {
    if (IsInput(place, input)) {
      return absl::InvalidArgumentError("the results would replace the input; say where else with --results");
    }
    TB_RETURN_IF_ERROR(CheckReplaceable(place));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ResultsFile> ResultsFile::Open(const std::string& path, const Input& input) {
  TB_RETURN_IF_ERROR(CheckPlaces(path, input));
  const std::filesystem::path file(path);
  const std::string folder = file.has_parent_path() ? file.parent_path().string() : ".";
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return absl::InvalidArgumentError("cannot open " + ShownPath(folder) + ": " + std::strerror(errno));
  ResultsFile results(fd, file.filename().string(), input.format);
  auto journal = bulk::Journal::Open({fd, results.name_ + ".part"}, IdentityOf(input));
  if (absl::IsUnavailable(journal.status())) {
    return absl::InvalidArgumentError(std::string(journal.status().message()) +
                                      "; say where results may stand with --results");
  }
  TB_RETURN_IF_ERROR(journal.status());
  results.journal_ = *std::move(journal);
  return results;
}

ResultsFile::ResultsFile(ResultsFile&& other) noexcept
    : folder_(std::exchange(other.folder_, -1)),
      name_(std::move(other.name_)),
      format_(other.format_),
      journal_(std::move(other.journal_)) {}

ResultsFile::~ResultsFile() {
  if (folder_ >= 0) close(folder_);
}

absl::Status ResultsFile::Publish() {
  TB_RETURN_IF_ERROR(journal_->Publish({folder_, name_}, bulk::ResultsHeader(format_)));
  return journal_->Remove();
}

}  // namespace tokenbroker::cli
