#include "server/web/caller.h"

#include "server/calls/errors.h"

namespace tokenbroker::web {

const broker::Principal* CallerOf(const http::Exchange& exchange, const calls::Authenticator& authenticator) {
  if (!authenticator.wants_key()) return authenticator.Identify({}, {});
  const std::string_view authorization = exchange.request().Find("Authorization").value_or("");
  if (!authorization.empty() || !authenticator.wants_certificate()) return authenticator.Identify(authorization, {});
  return authenticator.Identify({}, exchange.peer().certificate_names);
}

Admission Admit(const http::Exchange& exchange, const Shared& shared) {
  const broker::Principal* const caller = CallerOf(exchange, shared.door.authenticator);
  if (caller == nullptr) return {nullptr, calls::CredentialsUnknown()};
  return {caller, shared.sites.Check(exchange.request())};
}

}  // namespace tokenbroker::web
