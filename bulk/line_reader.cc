#include "bulk/line_reader.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/status_macros.h"

namespace tokenbroker::bulk {

absl::StatusOr<LineSource::Next> LineReader::Read(std::string& line, bool wait) {
  while (!TakeLine(line)) {
    if (ended_) return Next::kEnd;
    if (!wait && !HasArrived()) return Next::kPause;
    TB_RETURN_IF_ERROR(Fill());
  }
  return Next::kLine;
}

bool LineReader::TakeLine(std::string& line) {
  size_t end = buffer_.find('\n', at_);
  if (end == std::string::npos) {
    if (!ended_ || at_ == buffer_.size()) return false;
    end = buffer_.size();  // The last line may lack its newline.
  }
  line.assign(buffer_, at_, end - at_);
  at_ = std::min(end + 1, buffer_.size());
  return true;
}

bool LineReader::HasArrived() const {
  pollfd poll_fd{fd_, POLLIN, 0};
  return poll(&poll_fd, 1, 0) > 0;
}

absl::Status LineReader::Fill() {
  buffer_.erase(0, at_);
  at_ = 0;
  if (buffer_.size() > kLongestLine) return absl::InvalidArgumentError("a line is longer than 8 MiB");
  std::array<char, 65536> chunk;
  const ssize_t got = read(fd_, chunk.data(), chunk.size());
  if (got < 0 && errno == EINTR) return absl::OkStatus();
  if (got < 0) return absl::UnavailableError(std::string("cannot read the input: ") + std::strerror(errno));
  ended_ = got == 0;
  buffer_.append(chunk.data(), static_cast<size_t>(got));
  return absl::OkStatus();
}

}  // namespace tokenbroker::bulk
