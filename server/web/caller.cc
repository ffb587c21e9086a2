#include "server/web/caller.h"

#include <algorithm>

namespace tokenbroker::web {

const broker::Principal* CallerOf(const http::Exchange& exchange, const calls::Authenticator& authenticator) {
  if (!authenticator.wants_key()) return authenticator.Identify({}, {});
  const std::string_view authorization = exchange.request().Find("Authorization").value_or("");
  if (!authorization.empty() || !authenticator.wants_certificate()) return authenticator.Identify(authorization, {});
  return authenticator.Identify({}, exchange.peer().certificate_names);
}

broker::Refusal CheckSite(const http::Request& request, const std::vector<std::string>& origins) {
  if (request.method == http::Method::kGet || request.method == http::Method::kHead) return {};
  const std::optional<std::string_view> origin = request.Find("Origin");
  if (!origin.has_value()) return {};
  const size_t scheme = origin->find("://");
  const bool same =
      scheme != std::string_view::npos && http::SameName(origin->substr(scheme + 3), request.Find("Host").value_or(""));
  const bool named = std::any_of(origins.begin(), origins.end(),
                                 [&](const std::string& allowed) { return allowed == "*" || allowed == *origin; });
  if (same || named) return {};
  return {broker::Reason::kPermissionDenied, "pages of other sites may not change anything here"};
}

}  // namespace tokenbroker::web
