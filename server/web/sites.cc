#include "server/web/sites.h"

#include <algorithm>
#include <optional>

#include "server/config/values.h"

namespace tokenbroker::web {
namespace {

using http::SameName;

// What stands behind "://"; empty if nothing does: "null".
std::string_view AuthorityOf(std::string_view origin) {
  const size_t scheme = origin.find("://");
  return scheme == std::string_view::npos ? std::string_view() : origin.substr(scheme + 3);
}

bool IsLocalhost(std::string_view host) {
  constexpr std::string_view kBelow = ".localhost";
  return SameName(host, "localhost") ||
         (host.size() > kBelow.size() && SameName(host.substr(host.size() - kBelow.size()), kBelow));
}

bool OnlyReads(const http::Request& request) {
  return request.method == http::Method::kGet || request.method == http::Method::kHead;
}

// "none": somebody has typed the address.
bool IsOfAPage(const http::Request& request) {
  return request.Find("Origin").has_value() || request.Find("Sec-Fetch-Site").value_or("none") != "none";
}

}  // namespace

Sites::Sites(const HttpConfig& config, bool open) : origins_(config.cors.origins), open_(open) {
  if (const auto own = ParseHost(config.listen); own.ok()) {
    hosts_.push_back(*own);
    loopback_ = IsLoopback(*own);
  }
  for (const std::string& origin : origins_) {
    if (const auto host = ParseHost(AuthorityOf(origin)); host.ok()) hosts_.push_back(*host);
  }
}

broker::Refusal Sites::Check(const http::Request& request) const {
  const std::optional<std::string_view> origin = request.Find("Origin");
  if (MayDoEverything(origin.value_or(""))) return {};
  const std::string_view host = request.Find("Host").value_or("");
  if (open_ && (loopback_ || IsOfAPage(request)) && !IsOwnHost(host)) {
    return {broker::Reason::kPermissionDenied,
            "with auth.mode open, Host must be an address, localhost, or a host of http.listen or http.cors.origins"};
  }
  if (OnlyReads(request) || !origin.has_value() || SameName(AuthorityOf(*origin), host)) return {};
  return {broker::Reason::kPermissionDenied, "pages of other sites may not change anything here"};
}

bool Sites::MayDoEverything(std::string_view origin) const {
  return std::any_of(origins_.begin(), origins_.end(),
                     [&](const std::string& allowed) { return allowed == "*" || allowed == origin; });
}

bool Sites::IsOwnHost(std::string_view authority) const {
  const absl::StatusOr<std::string> host = ParseHost(authority);
  if (!host.ok()) return false;
  return IsAddress(*host) || IsLocalhost(*host) ||
         std::any_of(hosts_.begin(), hosts_.end(), [&](const std::string& ours) { return SameName(ours, *host); });
}

}  // namespace tokenbroker::web
