#include "server/rpc/caller.h"

#include <grpc/grpc_security_constants.h>

#include <string>
#include <vector>

namespace tokenbroker::rpc {
namespace {

std::string_view AuthorizationOf(const grpc::ServerContextBase& context) {
  const auto& metadata = context.client_metadata();
  auto found = metadata.find("authorization");
  if (found == metadata.end()) return {};
  return {found->second.data(), found->second.size()};
}

void Append(const grpc::AuthContext& auth, const char* property, std::vector<std::string>& names) {
  for (const grpc::string_ref& value : auth.FindPropertyValues(property))
    names.emplace_back(value.data(), value.size());
}

std::vector<std::string> CertificateNamesOf(const grpc::ServerContextBase& context) {
  std::vector<std::string> names;
  const std::shared_ptr<const grpc::AuthContext> auth = context.auth_context();
  if (auth == nullptr || !auth->IsPeerAuthenticated()) return names;
  Append(*auth, GRPC_PEER_DNS_PROPERTY_NAME, names);
  Append(*auth, GRPC_PEER_URI_PROPERTY_NAME, names);
  if (names.empty()) Append(*auth, GRPC_X509_CN_PROPERTY_NAME, names);
  return names;
}

}  // namespace

const broker::Principal* CallerOf(const grpc::ServerContextBase& context, const calls::Authenticator& authenticator) {
  if (!authenticator.wants_key()) return authenticator.Identify({}, {});
  const std::string_view authorization = AuthorizationOf(context);
  if (!authorization.empty() || !authenticator.wants_certificate()) return authenticator.Identify(authorization, {});
  return authenticator.Identify({}, CertificateNamesOf(context));
}

}  // namespace tokenbroker::rpc
