#include "server/sigv4/sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/percent.h"
#include "server/sigv4/url_text.h"

namespace tokenbroker::aws {
namespace {

std::string Joined(const Scope& scope) {
  return absl::StrCat(scope.date, "/", scope.region, "/", scope.service, "/",
                      absl::string_view(kTerminator.data(), kTerminator.size()));
}

// Blanks at the ends gone, runs of blanks within one blank.
void AppendValue(std::string_view value, std::string& out) {
  value = Trimmed(value);
  bool blank = false;
  for (const char c : value) {
    const bool is_blank = c == ' ' || c == '\t';
    if (!is_blank) out += c;
    if (is_blank && !blank) out += ' ';
    blank = is_blank;
  }
}

// All values of that name, in the order in which they came. False if there are none.
bool AppendHeader(absl::Span<const Header> headers, std::string_view name, std::string& out) {
  bool found = false;
  for (const Header& header : headers) {
    if (!SameName(header.name, name)) continue;
    found ? out.append(",") : out.append(name).append(":");
    AppendValue(header.value, out);
    found = true;
  }
  out += '\n';
  return found;
}

constexpr size_t kHashBlock = 64;

// SHA-256 with what OpenSSL needs for it kept: its calls for single texts look the algorithm up by name each time,
// which costs more than hashing a kilobyte.
class Hash {
 public:
  Hash() : context_(EVP_MD_CTX_new()) {}
  ~Hash() { EVP_MD_CTX_free(context_); }
  Hash(const Hash&) = delete;
  Hash& operator=(const Hash&) = delete;

  // Of the parts, one behind the other.
  Digest Of(std::initializer_list<std::string_view> parts) {
    static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    Digest digest;
    Must(EVP_DigestInit_ex2(context_, algorithm, nullptr));
    for (const std::string_view part : parts) Must(EVP_DigestUpdate(context_, part.data(), part.size()));
    Must(EVP_DigestFinal_ex(context_, digest.data(), nullptr));
    return digest;
  }

 private:
  // The library refuses only when it is out of memory or wrongly called.
  static void Must(int ok) {
    if (!ok) std::abort();
  }

  EVP_MD_CTX* const context_;
};

Hash& ThisThreadsHash() {
  thread_local Hash hash;
  return hash;
}

}  // namespace

Digest Sha256(std::string_view text) { return ThisThreadsHash().Of({text}); }

// RFC 2104, with a key that is shorter than a block.
Digest Hmac(const Digest& key, std::string_view text) {
  std::array<char, kHashBlock> inner, outer;
  inner.fill(0x36);
  outer.fill(0x5c);
  for (size_t i = 0; i < key.size(); ++i) {
    inner[i] = static_cast<char>(inner[i] ^ key[i]);
    outer[i] = static_cast<char>(outer[i] ^ key[i]);
  }
  const auto view = [](const auto& bytes) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  return ThisThreadsHash().Of({view(outer), view(ThisThreadsHash().Of({view(inner), text}))});
}

std::string Hex(const Digest& digest) {
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string CanonicalPath(std::string_view path) {
  std::vector<std::string_view> segments;
  for (std::string_view rest = path; !rest.empty();) {
    const std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(rest.size(), segment.size() + 1));
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      segments.push_back(segment);
    } else if (!segments.empty()) {
      segments.pop_back();
    }
  }
  std::string out = "/";
  for (const std::string_view segment : segments) {
    if (out.size() > 1) out += '/';
    out += PercentEncoded(segment);
  }
  if (!segments.empty() && path.back() == '/') out += '/';
  return out;
}

std::string CanonicalQuery(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  ForEachParameter(query, [&](std::string_view name, std::string_view value) {
    std::pair<std::string, std::string> parameter{PercentEncoded(Decoded(name)), PercentEncoded(Decoded(value))};
    if (parameter.first != "X-Amz-Signature") parameters.push_back(std::move(parameter));
  });
  std::sort(parameters.begin(), parameters.end());
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out += '&';
    out.append(name).append("=").append(value);
  }
  return out;
}

std::optional<std::string> CanonicalHeaders(absl::Span<const Header> headers, std::string_view signed_headers) {
  std::string out;
  std::string_view last;
  for (std::string_view rest = signed_headers; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    // Ascending order also means that no name comes twice, which bounds what a request can make of itself.
    if (name <= last || !AppendHeader(headers, name, out)) return std::nullopt;
    last = name;
  }
  return out;
}

std::optional<std::string> CanonicalRequest(const Request& request, std::string_view signed_headers,
                                            std::string_view payload_hash) {
  const std::optional<std::string> headers = CanonicalHeaders(request.headers, signed_headers);
  if (!headers) return std::nullopt;
  std::string out(request.method);
  out.append("\n").append(CanonicalPath(request.path)).append("\n").append(CanonicalQuery(request.query)).append("\n");
  out.append(*headers).append("\n").append(signed_headers).append("\n").append(payload_hash);
  return out;
}

std::string StringToSign(std::string_view timestamp, const Scope& scope, std::string_view canonical_request) {
  std::string out(kAlgorithm);
  out.append("\n").append(timestamp).append("\n").append(Joined(scope)).append("\n");
  return out.append(Hex(Sha256(canonical_request)));
}

Digest SigningKey(std::string_view secret, const Scope& scope) {
  std::string start = "AWS4";
  start.append(secret);
  Digest key;
  HMAC(EVP_sha256(), start.data(), static_cast<int>(start.size()), reinterpret_cast<const uint8_t*>(scope.date.data()),
       scope.date.size(), key.data(), nullptr);
  OPENSSL_cleanse(start.data(), start.size());
  key = Hmac(key, scope.region);
  key = Hmac(key, scope.service);
  return Hmac(key, kTerminator);
}

std::string Signature(const Digest& signing_key, std::string_view string_to_sign) {
  return Hex(Hmac(signing_key, string_to_sign));
}

}  // namespace tokenbroker::aws
