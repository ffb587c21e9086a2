// Where a request's body ends, and what of the bytes is body: counted, or in chunks (RFC 9112 7.1).
//
// Takes every byte it is given, however they are cut, and keeps none. Beast's parser is not used for this: it wants a
// chunk's header in one piece, and its assertions end the process when "0", CRLF and the last CRLF come one after the
// other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tokenbroker::http {

class BodyDecoder {
 public:
  static BodyDecoder Counted(uint64_t length);
  static BodyDecoder Chunked();

  struct Step {
    // Of the input: all of it, or what comes before the end of `body` or of the request.
    size_t consumed = 0;
    std::string_view body;
    const char* refused = nullptr;
  };
  // Up to the first piece of body. The input may be empty.
  Step Decode(std::string_view input);

  bool complete() const { return state_ == State::kComplete; }
  // Of the body, or of the chunk whose header has been read.
  uint64_t remaining() const { return state_ == State::kCounted || state_ == State::kData ? remaining_ : 0; }

 private:
  enum class State : uint8_t {
    kCounted,
    kFirstDigit,
    kSize,
    kExtension,
    kSizeEnd,
    kData,
    kDataEnd,
    kDataLineFeed,
    kTrailer,
    kTrailerName,
    kTrailerValue,
    kTrailerEnd,
    kEnd,
    kComplete,
  };

  explicit BodyDecoder(State state, uint64_t remaining) : state_(state), remaining_(remaining) {}
  std::string_view TakeData(std::string_view input);
  // One byte that is not data. nullptr, or why it is refused.
  const char* Take(char c);
  const char* TakeSize(char c);
  const char* TakeTrailer(char c);
  const char* Expect(char c, char wanted, State next);

  State state_;
  uint64_t remaining_;
  // Bytes of extensions and trailers, all together.
  uint32_t extras_ = 0;
};

}  // namespace tokenbroker::http
