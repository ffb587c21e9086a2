// Who signed a request: a key that we know, or an AWS error in AWS's words and in AWS's order:
//
//   none at all, incomplete, no readable time, too old or too new, headers that must be signed and are not, algorithm,
//   form of the credential, its scope, key not known, signature, session token
//
// Both forms are taken: in the Authorization header, and presigned in the query. All of the body must be signed, whole:
// UNSIGNED-PAYLOAD and STREAMING-... are refused by name.
//
// Pure. A caller without the secret learns from it which key ids exist, as at AWS, and nothing else: signatures and
// session tokens are compared in constant time.
#pragma once

#include "base/clock.h"
#include "server/aws/error.h"
#include "server/aws/keys.h"
#include "server/aws/message.h"

namespace tokenbroker::aws {

// How far the signer's clock may be from ours, either way.
inline constexpr DurationMs kMaxSkew = 15 * 60 * 1000;
// In a credential's scope. The region may be any: a broker is in none.
inline constexpr std::string_view kSigningName = "states";

// `now` is the time of day. On success `out` is set and there is no error.
Error Verify(const Request& request, const KeySet& keys, TimeMs now, const Key*& out);

}  // namespace tokenbroker::aws
