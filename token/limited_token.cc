#include "token/limited_token.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "token/base62.h"
#include "token/limits.h"

namespace tokenbroker::token {
namespace {

constexpr std::string_view kPrefix = "T1L";
constexpr std::string_view kFullPrefix = "T1";
constexpr size_t kShortest = kPrefix.size() + kLocatorLength + kMacLength + 2;

std::string Mac(std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  // The library refuses only when it is out of memory.
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes, text.size(), digest, &size) == nullptr) {
    std::abort();
  }
  std::string mac;
  mac.reserve(kMacLength);
  for (int group = 0; group < 2; ++group) {
    uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = (value << 8) | digest[8 * group + i];
    AppendBase62(value, 11, mac);
  }
  return mac;
}

bool IsTokenCharacter(char c) { return Base62Digit(c) >= 0 || c == '.' || c == '_' || c == '-'; }

bool IsBase62(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return Base62Digit(c) >= 0; });
}

// At least one valid caveat, nothing else, and not too many.
bool AreCaveats(std::string_view text) {
  int count = 0;
  for (Caveat caveat; !text.empty(); ++count) {
    if (count == kMaxCaveats || !TakeCaveat(text, caveat)) return false;
  }
  return count > 0;
}

std::string Chain(std::string mac, std::string_view caveats) {
  for (Caveat caveat; !caveats.empty() && TakeCaveat(caveats, caveat);) mac = Mac(mac, caveat.text);
  return mac;
}

}  // namespace

bool LooksFull(std::string_view text) {
  return text.size() == kFullLength && text.substr(0, kFullPrefix.size()) == kFullPrefix;
}

bool LooksLimited(std::string_view text) {
  return text.size() >= kShortest && text.size() <= kMaxLimitedLength && text.substr(0, kPrefix.size()) == kPrefix &&
         std::all_of(text.begin(), text.end(), IsTokenCharacter);
}

bool Split(std::string_view text, LimitedToken& out) {
  if (!LooksLimited(text)) return false;
  text.remove_prefix(kPrefix.size());
  out.locator = text.substr(0, kLocatorLength);
  out.caveats = text.substr(kLocatorLength, text.size() - kLocatorLength - kMacLength);
  out.mac = text.substr(text.size() - kMacLength);
  return IsBase62(out.locator) && IsBase62(out.mac) && AreCaveats(out.caveats);
}

std::string MacOf(std::string_view full, std::string_view caveats) { return Chain(Mac(full, kPrefix), caveats); }

absl::StatusOr<std::string> Limit(std::string_view token, absl::Span<const std::string> caveats) {
  LimitedToken parts;
  std::string mac;
  if (LooksFull(token)) {
    parts.locator = token.substr(kFullPrefix.size(), kLocatorLength);
    mac = Mac(token, kPrefix);
  } else if (Split(token, parts)) {
    mac = std::string(parts.mac);
  } else {
    return absl::InvalidArgumentError("only a task token of a broker can be limited, and this is none");
  }
  std::string added;
  for (const std::string& caveat : caveats) added += caveat;
  const std::string all = std::string(parts.caveats) + added;
  if (!AreCaveats(all) || (!added.empty() && !AreCaveats(added))) {
    return absl::InvalidArgumentError(absl::StrCat("a limited token has 1 to ", kMaxCaveats, " valid limits"));
  }
  std::string limited = std::string(kPrefix);
  limited.append(parts.locator).append(all).append(Chain(mac, added));
  if (limited.size() > kMaxLimitedLength) {
    return absl::InvalidArgumentError(absl::StrCat("a limited token has at most ", kMaxLimitedLength, " characters"));
  }
  return limited;
}

}  // namespace tokenbroker::token
