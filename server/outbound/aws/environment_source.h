// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.
#pragma once

#include "server/outbound/aws/credentials.h"
#include "server/outbound/aws/surroundings.h"

namespace tokenbroker::outbound::aws {

// FAILED_PRECONDITION if only one of the two that are needed is set.
CredentialsSource FromEnvironment(SurroundingsPtr surroundings);

}  // namespace tokenbroker::outbound::aws
