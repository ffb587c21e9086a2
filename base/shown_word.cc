#include "base/shown_word.h"

#include <cstddef>

namespace tokenbroker {
namespace {

// Those of the broker have 40 characters; what other engines use has at least those of a UUID without its hyphens.
constexpr size_t kShortestToken = 32;

}  // namespace

std::string Shown(std::string_view word) {
  if (word.size() >= kShortestToken) return "what may be a token";
  return "\"" + std::string(word) + "\"";
}

}  // namespace tokenbroker
