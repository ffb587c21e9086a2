// Credentials that ECS and EKS give to containers.
#pragma once

#include "server/outbound/aws/credentials.h"
#include "server/outbound/aws/surroundings.h"

namespace tokenbroker::outbound::aws {

// As AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or ..._FULL_URI say, with the token of
// AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE or ..._TOKEN; NOT_FOUND if neither is set. A full URI must be HTTPS, or be on
// this machine, or be one of ECS's and EKS's addresses: whoever is asked gets the token.
CredentialsSource FromContainer(SurroundingsPtr surroundings);

}  // namespace tokenbroker::outbound::aws
