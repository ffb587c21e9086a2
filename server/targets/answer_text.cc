#include "server/targets/answer_text.h"

#include "absl/strings/ascii.h"
#include "base/text.h"
#include "server/forward/outcome_target.h"

namespace tokenbroker::targets {
namespace {

constexpr size_t kUseful = 12;

std::string WithoutPieces(std::string_view text, std::string_view secret) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    size_t length = kUseful;
    if (i + length > text.size() || secret.find(text.substr(i, length)) == std::string_view::npos) {
      out += text[i++];
      continue;
    }
    while (i + length < text.size() && secret.find(text.substr(i, length + 1)) != std::string_view::npos) ++length;
    out += "...";
    i += length;
  }
  return out;
}

}  // namespace

std::string ForPeople(std::string_view text, std::string_view secret) {
  std::string out(CutAtCharacter(text, forward::Answer::kMaxMessage));
  if (!secret.empty()) out = WithoutPieces(out, secret);
  for (char& c : out) {
    if (absl::ascii_iscntrl(c)) c = ' ';
  }
  if (IsValidUtf8(out)) return out;
  for (char& c : out) {
    if (!absl::ascii_isascii(c)) c = '?';
  }
  return out;
}

}  // namespace tokenbroker::targets
