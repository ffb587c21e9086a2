// Finds the end of a request's head in the bytes that have come, and refuses on the way what a lenient parser somewhere
// in front or behind could read in another way: bare CR or LF, folded lines, NUL and other control characters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "server/http/options.h"

namespace tokenbroker::http {

class HeadScanner {
 public:
  enum class State { kMore, kComplete, kRefused };

  // `text` is all there is from the first byte of the head on, and grows from call to call; what was looked at is not
  // looked at again.
  State Scan(std::string_view text, const Limits& limits);
  void Reset() { *this = HeadScanner(); }

  // kComplete: the head's length with its empty line, and with empty lines before it, which are skipped.
  size_t begin() const { return begin_; }
  size_t end() const { return line_; }
  // kRefused.
  int status() const { return status_; }
  std::string_view message() const { return message_; }

 private:
  State Refuse(int status, std::string message);
  // One line with its CRLF. kMore: go on.
  State TakeLine(std::string_view line, const Limits& limits);
  State CheckUnfinished(std::string_view line, const Limits& limits);

  size_t begin_ = 0;
  // Where the line that is being looked for begins, and how far it was looked for.
  size_t line_ = 0;
  size_t scanned_ = 0;
  size_t lines_ = 0;
  int status_ = 0;
  std::string message_;
};

}  // namespace tokenbroker::http
