// The file system's side of a drop: which files are whole, and where they go.
//
//   FOLDER/a.csv             put there by somebody else
//   FOLDER/.work/a.csv       taken: nobody else has a name for it any more; with its journal a.csv.part
//   FOLDER/done/a.csv        settled, with its results a.csv.results.csv
//   FOLDER/failed/a.csv      not readable to its end, with the same
//
// Every step is a rename, so that each file is in one place whatever happens. A name that is there already gets a
// number: a.2.csv. Names are used as they are and never followed out of the folder. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bulk/format.h"
#include "bulk/journal.h"

namespace tokenbroker::drop {

// A descriptor that is closed.
class OpenFile {
 public:
  explicit OpenFile(int fd = -1) : fd_(fd) {}
  OpenFile(OpenFile&& other) noexcept;
  OpenFile& operator=(OpenFile&& other) noexcept;
  ~OpenFile();
  int fd() const { return fd_; }

 private:
  int fd_;
};

// What changes when a file is written to or replaced.
struct FileStamp {
  ino_t inode = 0;
  off_t size = 0;
  int64_t modified_ns = 0;

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

class DropFolder {
 public:
  // So many names are looked at in one go; the others wait until these have left.
  static constexpr size_t kMaxFiles = 1'000;

  // Makes the folders inside. UNAVAILABLE if that fails, ABORTED if another broker works there.
  static absl::StatusOr<std::unique_ptr<DropFolder>> Open(const std::string& path);

  struct Listing {
    std::map<std::string, FileStamp> files;
    // By name, what keeps a file from being taken for good: it is no regular file, or its name is not usable.
    std::map<std::string, std::string> refused;
  };
  // Files whose names say that they are outcomes (see bulk::FormatOf), but for hidden ones.
  absl::StatusOr<Listing> List() const;
  // Takes a file of the listing; its name from now on. FAILED_PRECONDITION if it is being written, or is another one
  // than listed: it may be taken later. UNAVAILABLE: it may not be read or moved.
  absl::StatusOr<std::string> Take(const std::string& name, const FileStamp& listed);

  // The files taken, perhaps by an earlier process. Each may be in any state: some are as good as done.
  absl::StatusOr<std::vector<std::string>> Taken() const;
  absl::StatusOr<OpenFile> OpenTaken(const std::string& name) const;
  bulk::Place JournalOf(const std::string& name) const;
  bulk::Place ResultsOf(const std::string& name, bool failed) const;
  // Whether its results are published, and in `failed` or in `done`.
  bool HasResults(const std::string& name, bool failed) const;
  // Behind the results.
  absl::Status PutAway(const std::string& name, bool failed);

 private:
  DropFolder() = default;
  absl::StatusOr<std::string> FreeName(const std::string& name) const;
  bool IsFree(const std::string& name) const;
  int FolderFor(bool failed) const { return failed ? failed_.fd() : done_.fd(); }

  OpenFile root_;
  OpenFile work_;
  OpenFile done_;
  OpenFile failed_;
  OpenFile lock_;
};

}  // namespace tokenbroker::drop
