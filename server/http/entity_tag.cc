#include "server/http/entity_tag.h"

#include <openssl/sha.h>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace tokenbroker::http {

std::string EntityTagOf(std::string_view text) {
  constexpr size_t kBytes = 16;
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return absl::StrCat("\"", absl::BytesToHexString({reinterpret_cast<const char*>(digest), kBytes}), "\"");
}

bool MatchesEntityTag(std::string_view if_none_match, std::string_view tag) {
  for (absl::string_view each : absl::StrSplit(absl::string_view(if_none_match.data(), if_none_match.size()), ',')) {
    each = absl::StripAsciiWhitespace(each);
    absl::ConsumePrefix(&each, "W/");
    if (each == "*" || each == absl::string_view(tag.data(), tag.size())) return true;
  }
  return false;
}

}  // namespace tokenbroker::http
