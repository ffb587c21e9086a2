// The order in which AWS's SDKs look for credentials.
#pragma once

#include <string>
#include <vector>

#include "server/outbound/aws/credentials.h"
#include "server/outbound/aws/surroundings.h"

namespace tokenbroker::outbound::aws {

// The first that has something to say: one that says NOT_FOUND is passed over, any other error is the chain's.
// NOT_FOUND names what was looked for.
CredentialsSource FirstOf(std::vector<CredentialsSource> sources);

// Environment, web identity, profile, container, instance. With a `profile` that one alone. `region` is that of STS.
CredentialsSource StandardChain(SurroundingsPtr surroundings, std::string profile, std::string region);

}  // namespace tokenbroker::outbound::aws
