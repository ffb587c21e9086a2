#include "server/http/inflater.h"

namespace tokenbroker::http {
namespace {

// 32 KiB of window, and gzip's header and trailer, nothing else.
constexpr int kGzip = 15 + 16;

}  // namespace

Inflater::Inflater() { failed_ = inflateInit2(&stream_, kGzip) != Z_OK; }

Inflater::~Inflater() { inflateEnd(&stream_); }

void Inflater::Feed(std::string_view input) {
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream_.avail_in = static_cast<uInt>(input.size());
}

size_t Inflater::Inflate(char* out, size_t size) {
  stream_.next_out = reinterpret_cast<Bytef*>(out);
  stream_.avail_out = static_cast<uInt>(size);
  while (!failed_ && stream_.avail_out == size) {
    if (at_member_end_) {
      if (stream_.avail_in == 0) break;
      inflateReset(&stream_);
      at_member_end_ = false;
    }
    const int result = inflate(&stream_, Z_NO_FLUSH);
    at_member_end_ = result == Z_STREAM_END;
    if (result == Z_BUF_ERROR) break;
    failed_ = result != Z_OK && result != Z_STREAM_END;
    if (stream_.avail_in == 0 && !at_member_end_ && stream_.avail_out == size) break;
  }
  return size - stream_.avail_out;
}

}  // namespace tokenbroker::http
