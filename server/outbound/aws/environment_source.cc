#include "server/outbound/aws/environment_source.h"

#include <utility>

namespace tokenbroker::outbound::aws {
namespace {

absl::StatusOr<Credentials> Read(const Surroundings& surroundings) {
  Credentials credentials{surroundings.variable("AWS_ACCESS_KEY_ID"), surroundings.variable("AWS_SECRET_ACCESS_KEY"),
                          surroundings.variable("AWS_SESSION_TOKEN")};
  const bool has_id = !credentials.access_key_id.empty();
  const bool has_secret = !credentials.secret_access_key.empty();
  if (!has_id && !has_secret) return absl::NotFoundError("AWS_ACCESS_KEY_ID is not set");
  if (has_id && has_secret) return credentials;
  return absl::FailedPreconditionError(has_id ? "AWS_ACCESS_KEY_ID is set, but not AWS_SECRET_ACCESS_KEY"
                                              : "AWS_SECRET_ACCESS_KEY is set, but not AWS_ACCESS_KEY_ID");
}

}  // namespace

CredentialsSource FromEnvironment(SurroundingsPtr surroundings) {
  return [surroundings = std::move(surroundings)](const CredentialsDone& done) { done(Read(*surroundings)); };
}

}  // namespace tokenbroker::outbound::aws
