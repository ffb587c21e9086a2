// Credentials of the EC2 instance's role, from its metadata service, version 2 alone.
#pragma once

#include "server/outbound/aws/credentials.h"
#include "server/outbound/aws/surroundings.h"

namespace tokenbroker::outbound::aws {

// NOT_FOUND if there is no metadata service, or no role, or AWS_EC2_METADATA_DISABLED is true.
// AWS_EC2_METADATA_SERVICE_ENDPOINT says where it is.
CredentialsSource FromInstance(SurroundingsPtr surroundings);

}  // namespace tokenbroker::outbound::aws
