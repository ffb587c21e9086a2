// A folder that is watched: files of outcomes that somebody puts there are settled, one after the other; see
// docs/file-drop.md.
//
// Looks again and again instead of being told by inotify, which hears nothing of what other machines write to a shared
// folder, and would need the same look after every overflow and restart.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "server/config/config.h"
#include "server/drop/drop_folder.h"
#include "server/drop/file_run.h"
#include "server/drop/settler.h"
#include "server/telemetry/broker_metrics.h"

namespace tokenbroker::drop {

class FileDrop {
 public:
  // All must outlive the drop.
  struct Parts {
    Settler& settler;
    const Clock& clock;
    BrokerMetrics& metrics;
  };

  FileDrop(const Parts& parts, FileDropConfig config);
  // Stops, and waits for it. What is not settled then goes on with the next start.
  ~FileDrop();

  // Looks every config.interval from now on, on a thread of its own.
  void Start();
  // Ends behind the batch at hand, soon. From any thread.
  void Stop();
  // Goes on with what was taken, then takes and settles what is whole. Not to be called any more after Start.
  void Look();

 private:
  struct Sighting {
    FileStamp stamp;
    TimeMs since = 0;
  };

  void Run();
  // False if the drop stops first.
  bool Pause(DurationMs time);
  absl::Status LookInto();
  // Notes what is there; true for a file that has not changed for long enough.
  bool HasSettled(const std::string& name, const FileStamp& stamp);
  void TakeFile(const std::string& name, const FileStamp& stamp);
  void Work(const std::string& name);
  absl::StatusOr<Ending> Settle(const std::string& name, bulk::Journal& journal, int fd);
  absl::Status Finish(const std::string& name);
  // Behind the results: what is left to do.
  absl::Status End(const std::string& name, bool failed, bulk::Journal& journal);
  // A line in the log, unless the same was said of it before. "": of the folder itself.
  void Tell(const std::string& name, const std::string& trouble);

  const Parts parts_;
  const FileDropConfig config_;
  const FileRun::Pause pause_;

  // The thread's own:
  std::unique_ptr<DropFolder> folder_;
  std::map<std::string, Sighting> seen_;
  std::map<std::string, std::string> told_;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace tokenbroker::drop
