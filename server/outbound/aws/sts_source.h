// Credentials of a role, from AWS's security token service.
#pragma once

#include <string>

#include "server/outbound/aws/credentials.h"
#include "server/outbound/aws/surroundings.h"

namespace tokenbroker::outbound::aws {

struct Role {
  std::string arn;
  // What the role's trust policy may ask for; empty: none.
  std::string external_id;
  // Shows in CloudTrail.
  std::string session_name = "tokenbroker";
  // How long its credentials are valid; 0: as the service has it, an hour.
  int duration_seconds = 0;
  // Of the endpoint.
  std::string region;
};

// AssumeRole, as whoever `base` is.
CredentialsSource FromRole(SurroundingsPtr surroundings, CredentialsSource base, Role role);

// AssumeRoleWithWebIdentity, with the token that stands in the file when it is asked for.
CredentialsSource FromWebIdentity(SurroundingsPtr surroundings, std::string token_file, Role role);

// As AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN and AWS_ROLE_SESSION_NAME say; NOT_FOUND if they do not.
CredentialsSource FromWebIdentityVariables(SurroundingsPtr surroundings, std::string region);

}  // namespace tokenbroker::outbound::aws
