// What waits to be written: small things one behind the other, and at most one large body that is not copied behind
// them.
#pragma once

#include <sys/uio.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace tokenbroker::http {

class Output {
 public:
  // Bodies up to here are copied.
  static constexpr size_t kSmall = 16 * 1024;

  size_t pending() const { return text_.size() + tail_.size() - written_; }
  bool empty() const { return pending() == 0; }
  size_t capacity() const { return text_.capacity() + tail_.capacity(); }

  // Where to append.
  std::string& text() { return tail_.empty() ? text_ : tail_; }
  void AppendBody(std::string body) {
    if (body.size() <= kSmall || !tail_.empty()) {
      text().append(body);
    } else {
      tail_ = std::move(body);
    }
  }

  std::array<iovec, 2> Parts() {
    const size_t in_text = std::min(written_, text_.size());
    const size_t in_tail = written_ - in_text;
    return {iovec{text_.data() + in_text, text_.size() - in_text},
            iovec{tail_.data() + in_tail, tail_.size() - in_tail}};
  }
  void Wrote(size_t size) {
    written_ += size;
    if (empty()) return Clear();
    if (!tail_.empty() && written_ >= text_.size()) {
      written_ -= text_.size();
      text_ = std::exchange(tail_, {});
    }
    // A stream whose reader is always a little behind is never empty, and must not grow for it. What is moved is less
    // than what was written: it costs nothing to speak of.
    if (tail_.empty() && written_ > text_.size() / 2) {
      text_.erase(0, written_);
      written_ = 0;
    }
  }

  // Exchanges the buffer, which has to be empty.
  std::string Swap(std::string text) {
    tail_ = std::string();
    return std::exchange(text_, std::move(text));
  }

 private:
  void Clear() {
    text_.clear();
    tail_.clear();
    written_ = 0;
  }

  std::string text_;
  std::string tail_;
  // Of both, as if they were one.
  size_t written_ = 0;
};

}  // namespace tokenbroker::http
