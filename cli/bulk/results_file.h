// The results of a file of outcomes, which stand beside it: kept in a journal while rows are settled, and whole, under
// their name, at the end.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bulk/format.h"
#include "bulk/journal.h"

namespace tokenbroker::cli {

class ResultsFile {
 public:
  struct Input {
    // Open, a regular file.
    int fd;
    bulk::Format format;
    // That keys are looked up in: in another one they name other tasks.
    std::string name_space;
  };

  // Goes on with what an interrupted run of the same input left at "PATH.part". INVALID_ARGUMENT if the folder cannot
  // be written, or if the results would replace the input or anything that is no regular file; ABORTED if another run
  // is at work.
  static absl::StatusOr<ResultsFile> Open(const std::string& path, const Input& input);
  ResultsFile(ResultsFile&& other) noexcept;
  ~ResultsFile();

  bulk::Journal& journal() { return *journal_; }
  absl::Status Publish();

 private:
  ResultsFile(int folder, std::string name, bulk::Format format)
      : folder_(folder), name_(std::move(name)), format_(format) {}

  int folder_;
  std::string name_;
  bulk::Format format_;
  std::unique_ptr<bulk::Journal> journal_;
};

}  // namespace tokenbroker::cli
