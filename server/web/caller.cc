#include "server/web/caller.h"

namespace tokenbroker::web {

const broker::Principal* CallerOf(const http::Exchange& exchange, const calls::Authenticator& authenticator) {
  if (!authenticator.wants_key()) return authenticator.Identify({}, {});
  const std::string_view authorization = exchange.request().Find("Authorization").value_or("");
  if (!authorization.empty() || !authenticator.wants_certificate()) return authenticator.Identify(authorization, {});
  return authenticator.Identify({}, exchange.peer().certificate_names);
}

bool IsCrossSite(const http::Request& request) {
  const std::optional<std::string_view> origin = request.Find("Origin");
  if (!origin.has_value()) return false;
  const size_t scheme = origin->find("://");
  return scheme == std::string_view::npos || origin->substr(scheme + 3) != request.Find("Host").value_or("");
}

}  // namespace tokenbroker::web
