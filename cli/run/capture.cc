#include "cli/run/capture.h"

#include <algorithm>

namespace tokenbroker::cli {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

unsigned char At(std::string_view bytes, size_t i) {
  return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0;
}

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// The length of the character that `bytes` begins with, 0 when it is none. The bounds of the second byte exclude
// overlong forms, surrogates and what lies beyond U+10FFFF.
size_t CharacterLength(std::string_view bytes) {
  const unsigned char first = At(bytes, 0);
  const unsigned char second = At(bytes, 1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return IsContinuation(second) ? 2 : 0;
  if (!IsContinuation(second) || !IsContinuation(At(bytes, 2))) return 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool bad = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F);
    return bad ? 0 : 3;
  }
  if (first < 0xF0 || first > 0xF4 || !IsContinuation(At(bytes, 3))) return 0;
  const bool bad = (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
  return bad ? 0 : 4;
}

}  // namespace

void Head::Add(std::string_view bytes) {
  const size_t room = limit_ - text_.size();
  overflowed_ = overflowed_ || bytes.size() > room;
  text_.append(bytes.substr(0, room));
}

void Tail::Add(std::string_view bytes) {
  text_.append(bytes);
  // Cut only now and then, so that a talkative child costs no copy per write.
  if (text_.size() > 4 * limit_) text_.erase(0, text_.size() - limit_);
}

std::string Tail::Text() const {
  std::string repaired = RepairUtf8(text_);
  if (repaired.size() <= limit_) return repaired;
  size_t begin = repaired.size() - limit_;
  while (begin < repaired.size() && IsContinuation(static_cast<unsigned char>(repaired[begin]))) ++begin;
  return repaired.substr(begin);
}

std::string RepairUtf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const size_t length = CharacterLength(bytes);
    text.append(length > 0 ? bytes.substr(0, length) : kReplacement);
    bytes.remove_prefix(std::max<size_t>(length, 1));
  }
  return text;
}

}  // namespace tokenbroker::cli
