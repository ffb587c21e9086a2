#include "server/outbound/aws/chain.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/outbound/aws/container_source.h"
#include "server/outbound/aws/environment_source.h"
#include "server/outbound/aws/instance_source.h"
#include "server/outbound/aws/profile_source.h"
#include "server/outbound/aws/sts_source.h"

namespace tokenbroker::outbound::aws {
namespace {

using Sources = std::shared_ptr<const std::vector<CredentialsSource>>;

void Try(const Sources& sources, size_t at, std::string looked_for, CredentialsDone done) {
  if (at == sources->size()) {
    return done(absl::NotFoundError(absl::StrCat("no AWS credentials are set up: ", looked_for)));
  }
  (*sources)[at]([=](absl::StatusOr<Credentials> credentials) {
    if (!absl::IsNotFound(credentials.status())) return done(std::move(credentials));
    const std::string said(credentials.status().message());
    Try(sources, at + 1, looked_for.empty() ? said : absl::StrCat(looked_for, "; ", said), done);
  });
}

}  // namespace

CredentialsSource FirstOf(std::vector<CredentialsSource> sources) {
  return [sources = std::make_shared<const std::vector<CredentialsSource>>(std::move(sources))](CredentialsDone done) {
    Try(sources, 0, "", std::move(done));
  };
}

CredentialsSource StandardChain(SurroundingsPtr surroundings, std::string profile, std::string region) {
  if (!profile.empty()) return FromProfile(std::move(surroundings), std::move(profile), std::move(region));
  return FirstOf({FromEnvironment(surroundings), FromWebIdentityVariables(surroundings, region),
                  FromProfile(surroundings, "", region), FromContainer(surroundings), FromInstance(surroundings)});
}

}  // namespace tokenbroker::outbound::aws
