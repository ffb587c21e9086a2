// Credentials for AWS, and where they come from: a source is a function that is asked once and answers once.
//
//   CredentialsSource source = StandardChain(surroundings, {});                    // chain.h
//   auto credentials = std::make_shared<CachedCredentials>(source, clock);         // cached_credentials.h
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"

namespace tokenbroker::outbound::aws {

struct Credentials {
  std::string access_key_id;
  // These two are secrets: they stand in no log, no error and no answer.
  std::string secret_access_key;
  std::string session_token;  // empty: none
  TimeMs expires_at = 0;      // 0: never

  friend bool operator==(const Credentials&, const Credentials&) = default;
};

// NOT_FOUND: nothing is set up here, the next source may be asked. UNAVAILABLE: trouble that may pass. Anything else:
// somebody has to mend it.
using CredentialsDone = std::function<void(absl::StatusOr<Credentials>)>;

// Never blocks but for reading small files. `done` is called once, on any thread, perhaps before it returns. Holds all
// that it needs: it may be dropped while an answer is out.
using CredentialsSource = std::function<void(CredentialsDone done)>;

}  // namespace tokenbroker::outbound::aws
