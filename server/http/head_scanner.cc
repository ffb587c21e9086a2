#include "server/http/head_scanner.h"

#include <algorithm>
#include <utility>

#include "server/http/too_long.h"

namespace tokenbroker::http {
namespace {

// Around the target: the longest method we wait for, spaces, the version.
constexpr size_t kRequestLineRest = 32;
constexpr size_t kMaxEmptyLines = 2;

bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

}  // namespace

HeadScanner::State HeadScanner::Refuse(int status, std::string message) {
  status_ = status;
  message_ = std::move(message);
  return State::kRefused;
}

HeadScanner::State HeadScanner::Scan(std::string_view text, const Limits& limits) {
  while (true) {
    const size_t feed = text.find('\n', scanned_);
    if (feed == std::string_view::npos) {
      scanned_ = text.size();
      return CheckUnfinished(text.substr(line_), limits);
    }
    const std::string_view line = text.substr(line_, feed + 1 - line_);
    const bool ends = line.size() == 2 && lines_ > 0;
    line_ = scanned_ = feed + 1;
    if (const State state = TakeLine(line, limits); state != State::kMore) return state;
    if (ends) return State::kComplete;
  }
}

HeadScanner::State HeadScanner::TakeLine(std::string_view line, const Limits& limits) {
  if (line.size() < 2 || line[line.size() - 2] != '\r') return Refuse(400, "a line ends without CRLF");
  const std::string_view text = line.substr(0, line.size() - 2);
  if (lines_ == 0 && text.empty()) {
    begin_ = line_;
    return begin_ > 2 * kMaxEmptyLines ? Refuse(400, "empty lines instead of a request") : State::kMore;
  }
  if (lines_ > 0 && !text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    return Refuse(400, "a header line begins with white space");
  }
  if (std::any_of(text.begin(), text.end(), IsControl)) return Refuse(400, "a control character in the head");
  if (lines_ == 0 && text.size() > limits.target_bytes + kRequestLineRest) return Refuse(414, TargetTooLong(limits));
  if (line_ - begin_ > limits.header_bytes) return Refuse(431, HeadTooLong(limits));
  if (!text.empty() && lines_++ > limits.header_count) return Refuse(431, TooManyFields(limits));
  return State::kMore;
}

HeadScanner::State HeadScanner::CheckUnfinished(std::string_view line, const Limits& limits) {
  if (lines_ == 0 && line.size() > limits.target_bytes + kRequestLineRest) return Refuse(414, TargetTooLong(limits));
  if (line_ + line.size() - begin_ > limits.header_bytes) return Refuse(431, HeadTooLong(limits));
  // What is no HTTP at all, TLS for instance, need not run into the time limit.
  if (lines_ == 0 && !line.empty() && IsControl(line.front()) && line.front() != '\r') {
    return Refuse(400, "this is not HTTP");
  }
  return State::kMore;
}

}  // namespace tokenbroker::http
