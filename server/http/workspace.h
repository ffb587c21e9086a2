// What a connection needs while it reads a request and runs its handler, about 10 KiB. Lent by the lane: a connection
// that waits for a request, or for an answer, has none.
#pragma once

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "base/clock.h"
#include "server/http/body_decoder.h"
#include "server/http/head_scanner.h"
#include "server/http/inflater.h"
#include "server/http/request.h"
#include "server/http/request_parser.h"

namespace tokenbroker::http {

// Bytes that have come. In front stay those that the request views; the rest is used up piece by piece.
class InputBuffer {
 public:
  static constexpr size_t kInitial = 8 * 1024;

  std::string_view all() const { return {data_.get(), end_}; }
  std::string_view rest() const { return all().substr(begin_); }
  absl::Span<char> space() { return {data_.get() + end_, capacity_ - end_}; }
  size_t capacity() const { return capacity_; }

  void Filled(size_t size) { end_ += size; }
  void Consume(size_t size) { begin_ += size; }

  // Moves the rest to right behind `keep`.
  void CompactTo(size_t keep) {
    std::memmove(data_.get() + keep, data_.get() + begin_, end_ - begin_);
    end_ = keep + end_ - begin_;
    begin_ = keep;
  }
  // Invalidates views.
  void Grow(size_t capacity) {
    if (capacity <= capacity_) return;
    std::unique_ptr<char[]> larger(new char[capacity]);
    std::memcpy(larger.get(), data_.get(), end_);
    data_ = std::move(larger);
    capacity_ = capacity;
  }
  void Clear() { begin_ = end_ = 0; }

 private:
  std::unique_ptr<char[]> data_{new char[kInitial]};
  size_t capacity_ = kInitial;
  size_t begin_ = 0;
  size_t end_ = 0;
};

struct Workspace {
  InputBuffer input;
  HeadScanner scanner;
  Request request;
  std::optional<RequestParser> parser;
  BodyDecoder decoder = BodyDecoder::Counted(0);
  // Decoded path segments.
  std::string scratch;
  // A body that did not come in one piece.
  std::string body;
  std::unique_ptr<Inflater> inflater;
  // Of the body, on the wire and inflated.
  int64_t received = 0;
  int64_t inflated = 0;
  // When the last of it was received.
  TimeMs received_at = 0;
  // What is counted for this request in Shared::gathered.
  int64_t reserved = 0;

  // Ready for the next request, which may have begun to come.
  void NextRequest() {
    input.CompactTo(0);
    scanner.Reset();
    ForgetRequest();
  }
  void ForgetRequest() {
    parser.reset();
    inflater.reset();
    request.method = Method::kGet;
    request.minor_version = 1;
    request.path = request.query = request.body = {};
    request.headers.clear();
    request.variables.clear();
    body.clear();
    received = inflated = 0;
  }
  // Not worth keeping for others.
  bool IsLarge() const { return input.capacity() > InputBuffer::kInitial || body.capacity() > InputBuffer::kInitial; }
};

}  // namespace tokenbroker::http
