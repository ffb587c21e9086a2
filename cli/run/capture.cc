#include "cli/run/capture.h"

#include <algorithm>

#include "base/text.h"

namespace tokenbroker::cli {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

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
    const size_t size = FirstCharacterSize(bytes);
    text.append(size > 0 ? bytes.substr(0, size) : kReplacement);
    bytes.remove_prefix(std::max<size_t>(size, 1));
  }
  return text;
}

}  // namespace tokenbroker::cli
