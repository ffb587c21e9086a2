// Credentials at hand: fetched once, renewed before they expire, one fetch at a time, and the last good ones used for
// as long as they are valid.
//
//   from the first quarter of their last 60 minutes (or of their life, if that is shorter) they are renewed while the
//   old ones are still given out; expired ones are never given out; after a fetch that failed, the next one is not
//   before 1 s, 2 s, 4 s, ... 60 s
#pragma once

#include <memory>

#include "server/outbound/aws/credentials.h"

namespace tokenbroker::outbound::aws {

// Thread-safe.
class CachedCredentials {
 public:
  // `clock` must outlive this and the source's answers.
  CachedCredentials(CredentialsSource source, const Clock& clock);
  // Whoever waits is not answered any more.
  ~CachedCredentials();
  CachedCredentials(const CachedCredentials&) = delete;
  CachedCredentials& operator=(const CachedCredentials&) = delete;

  // At once if there are valid ones; else with the fetch that is under way. An error if there are none: the last
  // fetch's.
  void Get(CredentialsDone done);

  // AWS did not take these: they are fetched anew for the next Get. False if that was done before and brought the same.
  bool Reject(const Credentials& used);

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

// As a source: for roles that are assumed with them. They are shared by all such sources.
CredentialsSource FromCached(std::shared_ptr<CachedCredentials> credentials);

}  // namespace tokenbroker::outbound::aws
