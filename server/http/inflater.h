// gzip (RFC 1952) into plain bytes, piece by piece.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tokenbroker::http {

class Inflater {
 public:
  // What one takes while it lives, about.
  static constexpr int64_t kMemory = 45 * 1024;

  Inflater();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // What has to be inflated next. The one before has to be used up; the bytes must stay until this one is.
  void Feed(std::string_view input);

  // Appends at most `size` inflated bytes at `out`. 0: the input is used up, or malformed.
  size_t Inflate(char* out, size_t size);

  bool failed() const { return failed_; }
  // The input ended where a gzip member did. Members may follow each other; what is no member behind one is malformed.
  bool complete() const { return !failed_ && at_member_end_; }

 private:
  z_stream stream_{};
  bool failed_ = false;
  bool at_member_end_ = false;
};

}  // namespace tokenbroker::http
