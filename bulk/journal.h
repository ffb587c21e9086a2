// What has become of a file's rows so far, on disk, so that a run that is killed at any point can be gone on with.
//
// A run writes down, in the order of the rows: before a row named by key is sent, the task that has the key now; after
// it was answered, the verdict. So a later run sends only rows without a verdict, and those to the very tasks that the
// first run meant: a newer task that has got the key meanwhile is never settled by an old row. A row that is sent twice
// is harmless, because the same outcome of one task is REPLAYED.
//
// Lines of text; one that is cut off or makes no sense ends the journal, and is written anew:
//
//   # IDENTITY                 the first: which input, and how it is read
//   @ LINE TASK_ID             the row at LINE means this task
//   = LINE VERDICT TEXT        the verdict's number and the line of the results
//
// After an error of any method the journal is to be opened again: part of a line may have been written. What is then
// gone on with is in a new file, synced, so that nothing counts that is on no disk.
//
// The results appear under their name at the end, whole, by a rename. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tokenbroker/v1/resolver_service.pb.h"

namespace tokenbroker::bulk {

// A file in an open folder.
struct Place {
  int folder;
  std::string name;
};

class Journal {
 public:
  // Rows by the number of their verdict.
  using Counts = std::array<uint64_t, 10>;

  // Goes on with the journal if it is one of this input, else begins it. ABORTED if another process is at work on it.
  static absl::StatusOr<std::unique_ptr<Journal>> Open(Place place, const std::string& identity);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Whether an earlier run began it.
  bool resumed() const { return resumed_; }
  // The last row that has a verdict; 0 if none has.
  uint64_t last_line() const { return last_line_; }
  const Counts& counts() const { return counts_; }
  // The first verdict but ACCEPTED, REPLAYED and PARKED; unspecified if there is none.
  v1::Verdict first_refusal() const { return first_refusal_; }
  // The task that an earlier run found for a row behind last_line(); empty if it found none.
  std::string TaskOf(uint64_t line) const;

  // On disk after the next Sync. `text` has no line feed.
  void AddTask(uint64_t line, const std::string& task_id);
  void AddVerdict(uint64_t line, v1::Verdict verdict, const std::string& text);
  absl::Status Sync();

  // Makes the results from the journal: `header`, if there is one, and the text of each verdict. An older file of that
  // name is replaced. The journal stays, to be removed when nothing of the run is left to do.
  absl::Status Publish(const Place& results, const std::string& header);
  absl::Status Remove();

 private:
  Journal(Place place, int fd) : place_(std::move(place)), fd_(fd) {}
  absl::Status Load(const std::string& identity);
  absl::Status Begin(const std::string& first);
  // Goes on in a new file with so many bytes of this one. What a run could not sync may still be read, and be on no
  // disk, and syncing it again says nothing: the system forgets what it failed to write.
  absl::Status Rewrite(off_t good);
  bool Take(std::string_view line);
  void Judged(uint64_t line, v1::Verdict verdict);
  absl::Status WriteResults(int fd, const std::string& header);

  const Place place_;
  int fd_;
  bool resumed_ = false;
  uint64_t last_line_ = 0;
  Counts counts_{};
  v1::Verdict first_refusal_ = v1::VERDICT_UNSPECIFIED;
  std::map<uint64_t, std::string> tasks_;
  std::string unwritten_;
};

}  // namespace tokenbroker::bulk
