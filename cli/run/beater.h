// Sends heartbeats from a thread of its own, one at a time, so that a slow answer does not hold up the child's output.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "absl/status/statusor.h"
#include "cli/broker.h"

namespace tokenbroker::cli {

class Beater {
 public:
  Beater(Broker& broker, v1::TaskRef task);
  // Waits for a beat that is under way.
  ~Beater();

  // Must not be called again before the answer is taken.
  void Send(DurationMs timeout);
  // Readable when an answer is there.
  int fd() const { return event_fd_; }
  // Only when fd is readable.
  absl::StatusOr<v1::HeartbeatResponse> TakeAnswer();

 private:
  void Loop();

  Broker& broker_;
  const v1::TaskRef task_;
  const int event_fd_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;                                          // Guarded by mutex_.
  std::optional<DurationMs> wanted_;                             // Guarded by mutex_.
  std::optional<absl::StatusOr<v1::HeartbeatResponse>> answer_;  // Guarded by mutex_.

  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace tokenbroker::cli
