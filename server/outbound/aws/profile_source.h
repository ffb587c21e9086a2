// Credentials as a profile of the shared files describes them: keys, a role with a source_profile or a
// credential_source, a web identity, or an SSO login. The files are read each time.
#pragma once

#include <string>

#include "server/outbound/aws/credentials.h"
#include "server/outbound/aws/surroundings.h"

namespace tokenbroker::outbound::aws {

// `profile` empty: the one that AWS_PROFILE names, or "default"; NOT_FOUND if nobody has named it and there is none.
// `region` is that of the endpoints, where the profile does not say. FAILED_PRECONDITION names what is wrong with the
// profile: also a role that wants MFA, and credential_process, which is not supported.
CredentialsSource FromProfile(SurroundingsPtr surroundings, std::string profile, std::string region);

}  // namespace tokenbroker::outbound::aws
