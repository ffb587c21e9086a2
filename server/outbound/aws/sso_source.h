// Credentials for whoever has logged in with `aws sso login`. The login's cache is only read: when it has expired,
// somebody has to log in again.
#pragma once

#include "server/outbound/aws/credentials.h"
#include "server/outbound/aws/shared_config.h"
#include "server/outbound/aws/surroundings.h"

namespace tokenbroker::outbound::aws {

// Whether the profile asks for it.
bool HasSso(const Settings& profile);

CredentialsSource FromSso(SurroundingsPtr surroundings, const SharedConfig& config, Settings profile);

}  // namespace tokenbroker::outbound::aws
