#include "server/http/body_decoder.h"

#include <algorithm>

namespace tokenbroker::http {
namespace {

constexpr uint32_t kMaxExtras = 8 * 1024;
constexpr uint64_t kMaxChunk = uint64_t{1} << 56;
constexpr char kMalformed[] = "the body's chunks are malformed";

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsText(char c) { return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\t'; }

bool IsToken(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// No quotes: nobody uses them, and there are parsers that look for their end beyond the line.
bool IsExtension(char c) { return IsToken(c) || c == '=' || c == ';' || c == ' ' || c == '\t'; }

}  // namespace

BodyDecoder BodyDecoder::Counted(uint64_t length) {
  return BodyDecoder(length == 0 ? State::kComplete : State::kCounted, length);
}

BodyDecoder BodyDecoder::Chunked() { return BodyDecoder(State::kFirstDigit, 0); }

BodyDecoder::Step BodyDecoder::Decode(std::string_view input) {
  Step step;
  while (step.consumed < input.size() && !complete()) {
    if (state_ == State::kCounted || state_ == State::kData) {
      step.body = TakeData(input.substr(step.consumed));
      step.consumed += step.body.size();
      return step;
    }
    step.refused = Take(input[step.consumed]);
    if (step.refused != nullptr) return step;
    ++step.consumed;
  }
  return step;
}

std::string_view BodyDecoder::TakeData(std::string_view input) {
  const std::string_view data = input.substr(0, std::min<uint64_t>(remaining_, input.size()));
  remaining_ -= data.size();
  if (remaining_ == 0) state_ = state_ == State::kCounted ? State::kComplete : State::kDataEnd;
  return data;
}

const char* BodyDecoder::Expect(char c, char wanted, State next) {
  if (c != wanted) return kMalformed;
  state_ = next;
  return nullptr;
}

const char* BodyDecoder::Take(char c) {
  switch (state_) {
    case State::kFirstDigit:
    case State::kSize:
      return TakeSize(c);
    case State::kExtension:
      if (c == '\r') return Expect(c, '\r', State::kSizeEnd);
      return IsExtension(c) && ++extras_ <= kMaxExtras ? nullptr : kMalformed;
    case State::kSizeEnd:
      return Expect(c, '\n', remaining_ == 0 ? State::kTrailer : State::kData);
    case State::kDataEnd:
      return Expect(c, '\r', State::kDataLineFeed);
    case State::kDataLineFeed:
      return Expect(c, '\n', State::kFirstDigit);
    default:
      return TakeTrailer(c);
  }
}

const char* BodyDecoder::TakeSize(char c) {
  const int digit = HexValue(c);
  if (digit >= 0) {
    if (remaining_ >= kMaxChunk) return kMalformed;
    remaining_ = remaining_ * 16 + digit;
    state_ = State::kSize;
    return nullptr;
  }
  if (state_ == State::kFirstDigit) return kMalformed;
  if (c == ';') return Expect(c, ';', State::kExtension);
  return Expect(c, '\r', State::kSizeEnd);
}

const char* BodyDecoder::TakeTrailer(char c) {
  if (++extras_ > kMaxExtras) return kMalformed;
  switch (state_) {
    case State::kTrailer:
      if (c == '\r') return Expect(c, '\r', State::kEnd);
      state_ = State::kTrailerName;
      return IsToken(c) ? nullptr : kMalformed;
    case State::kTrailerName:
      if (c == ':') return Expect(c, ':', State::kTrailerValue);
      return IsToken(c) ? nullptr : kMalformed;
    case State::kTrailerValue:
      if (c == '\r') return Expect(c, '\r', State::kTrailerEnd);
      return IsText(c) ? nullptr : kMalformed;
    case State::kTrailerEnd:
      return Expect(c, '\n', State::kTrailer);
    default:
      return Expect(c, '\n', State::kComplete);
  }
}

}  // namespace tokenbroker::http
