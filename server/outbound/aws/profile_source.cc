#include "server/outbound/aws/profile_source.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/outbound/aws/container_source.h"
#include "server/outbound/aws/environment_source.h"
#include "server/outbound/aws/instance_source.h"
#include "server/outbound/aws/shared_config.h"
#include "server/outbound/aws/sso_source.h"
#include "server/outbound/aws/sts_source.h"

namespace tokenbroker::outbound::aws {
namespace {

// Makes the source that a profile describes.
class Resolver {
 public:
  Resolver(SurroundingsPtr surroundings, std::string region)
      : surroundings_(std::move(surroundings)), region_(std::move(region)), config_(ReadSharedConfig(*surroundings_)) {}

  bool Has(const std::string& profile) const { return config_.profiles.count(profile) > 0; }

  absl::StatusOr<CredentialsSource> Resolve(const std::string& name) {
    const auto found = config_.profiles.find(name);
    if (found == config_.profiles.end()) return Wrong(name, "there is no such profile");
    if (std::count(visited_.begin(), visited_.end(), name) > 0)
      return Wrong(name, "its source_profile leads back to it");
    visited_.push_back(name);
    const Settings& profile = found->second;
    if (!Find(profile, "role_arn").empty()) return ResolveRole(name, profile);
    if (HasSso(profile)) return FromSso(surroundings_, config_, profile);
    return ResolveKeys(name, profile);
  }

 private:
  static absl::Status Wrong(const std::string& profile, const std::string& what) {
    return absl::FailedPreconditionError(absl::StrCat("profile ", profile, ": ", what));
  }

  absl::StatusOr<CredentialsSource> ResolveKeys(const std::string& name, const Settings& profile) {
    Credentials credentials{Find(profile, "aws_access_key_id"), Find(profile, "aws_secret_access_key"),
                            Find(profile, "aws_session_token")};
    if (!credentials.access_key_id.empty() && !credentials.secret_access_key.empty()) {
      return CredentialsSource([credentials](const CredentialsDone& done) { done(credentials); });
    }
    if (!credentials.access_key_id.empty()) return Wrong(name, "aws_secret_access_key is missing");
    if (!Find(profile, "credential_process").empty()) return Wrong(name, "credential_process is not supported");
    return absl::NotFoundError(absl::StrCat("profile ", name, " has no credentials"));
  }

  absl::StatusOr<CredentialsSource> ResolveRole(const std::string& name, const Settings& profile) {
    if (!Find(profile, "mfa_serial").empty()) return Wrong(name, "a role that wants MFA cannot be assumed by a server");
    TB_ASSIGN_OR_RETURN(Role role, RoleOf(name, profile));
    const std::string token_file = Find(profile, "web_identity_token_file");
    if (!token_file.empty()) return FromWebIdentity(surroundings_, token_file, std::move(role));
    TB_ASSIGN_OR_RETURN(CredentialsSource base, ResolveBase(name, profile));
    return FromRole(surroundings_, std::move(base), std::move(role));
  }

  absl::StatusOr<Role> RoleOf(const std::string& name, const Settings& profile) const {
    Role role{.arn = Find(profile, "role_arn"), .external_id = Find(profile, "external_id"), .region = region_};
    const std::string session = Find(profile, "role_session_name");
    if (!session.empty()) role.session_name = session;
    const std::string duration = Find(profile, "duration_seconds");
    if (!duration.empty() && !absl::SimpleAtoi(duration, &role.duration_seconds)) {
      return Wrong(name, "duration_seconds is no number");
    }
    return role;
  }

  absl::StatusOr<CredentialsSource> ResolveBase(const std::string& name, const Settings& profile) {
    const std::string source_profile = Find(profile, "source_profile");
    // A role's profile may have its own keys as its source.
    if (source_profile == name) return ResolveKeys(name, profile);
    if (!source_profile.empty()) return Resolve(source_profile);
    const std::string source = Find(profile, "credential_source");
    if (source == "Environment") return FromEnvironment(surroundings_);
    if (source == "EcsContainer") return FromContainer(surroundings_);
    if (source == "Ec2InstanceMetadata") return FromInstance(surroundings_);
    if (source.empty()) return Wrong(name, "role_arn needs a source_profile or a credential_source");
    return Wrong(name, "credential_source must be Environment, EcsContainer or Ec2InstanceMetadata");
  }

  const SurroundingsPtr surroundings_;
  const std::string region_;
  const SharedConfig config_;
  std::vector<std::string> visited_;
};

}  // namespace

CredentialsSource FromProfile(SurroundingsPtr surroundings, std::string profile, std::string region) {
  return [=](CredentialsDone done) {
    const std::string name = profile.empty() ? ProfileName(*surroundings) : profile;
    Resolver resolver(surroundings, region);
    if (name == "default" && profile.empty() && !resolver.Has(name)) {
      return done(absl::NotFoundError("there is no default profile"));
    }
    const absl::StatusOr<CredentialsSource> source = resolver.Resolve(name);
    if (!source.ok()) return done(source.status());
    (*source)(std::move(done));
  };
}

}  // namespace tokenbroker::outbound::aws
