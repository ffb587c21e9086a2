// Lines from a descriptor that may be a file, a pipe or a terminal.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace tokenbroker::bulk {

class LineSource {
 public:
  enum class Next {
    kLine,
    // Nothing has arrived yet, and the caller did not want to wait.
    kPause,
    kEnd,
  };
  virtual ~LineSource() = default;
  virtual absl::StatusOr<Next> Read(std::string& line, bool wait) = 0;
};

// INVALID_ARGUMENT for lines of more than `kLongestLine` bytes, so that memory stays bounded; UNAVAILABLE when
// the descriptor cannot be read, which it does not own.
class LineReader : public LineSource {
 public:
  static constexpr size_t kLongestLine = 8 << 20;

  explicit LineReader(int fd) : fd_(fd) {}
  absl::StatusOr<Next> Read(std::string& line, bool wait) override;

 private:
  bool TakeLine(std::string& line);
  bool HasArrived() const;
  absl::Status Fill();

  const int fd_;
  std::string buffer_;
  size_t at_ = 0;
  bool ended_ = false;
};

}  // namespace tokenbroker::bulk
