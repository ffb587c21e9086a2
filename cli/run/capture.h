// What a child process wrote, kept within bounds.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tokenbroker::cli {

// The beginning of a stream, up to a limit.
class Head {
 public:
  explicit Head(size_t limit) : limit_(limit) {}
  void Add(std::string_view bytes);
  const std::string& text() const { return text_; }
  bool overflowed() const { return overflowed_; }

 private:
  const size_t limit_;
  std::string text_;
  bool overflowed_ = false;
};

// The end of a stream.
class Tail {
 public:
  explicit Tail(size_t limit) : limit_(limit) {}
  void Add(std::string_view bytes);
  // The last bytes as valid UTF-8, at most `limit` of them: begins at a character, and what is no UTF-8 is replaced.
  std::string Text() const;

 private:
  const size_t limit_;
  std::string text_;
};

// `bytes` with every byte that is not part of valid UTF-8 replaced by U+FFFD.
std::string RepairUtf8(std::string_view bytes);

}  // namespace tokenbroker::cli
