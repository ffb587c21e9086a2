#include "server/outbound/aws/cached_credentials.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace tokenbroker::outbound::aws {
namespace {

// They should still be valid when the request has arrived.
constexpr DurationMs kMargin = 5'000;
constexpr DurationMs kEarliestRenewal = 15 * 60'000;
constexpr DurationMs kFirstPause = 1'000;
constexpr DurationMs kLongestPause = 60'000;

}  // namespace

struct CachedCredentials::State : std::enable_shared_from_this<State> {
  State(CredentialsSource the_source, const Clock& the_clock) : source(std::move(the_source)), clock(the_clock) {}

  bool Valid(TimeMs now) const { return current && (current->expires_at == 0 || now < current->expires_at - kMargin); }
  bool Rejected() const { return current && rejected == current; }
  bool WantsFetch(TimeMs now) const {
    return !fetching && now >= fetch_not_before && (!Valid(now) || Rejected() || (renew_at != 0 && now >= renew_at));
  }

  void Get(CredentialsDone done);
  void OnFetched(absl::StatusOr<Credentials> fetched);
  void Keep(Credentials fetched, TimeMs now);
  void Pause(TimeMs now);

  const CredentialsSource source;
  const Clock& clock;

  std::mutex mutex;  // guards all below
  std::optional<Credentials> current;
  std::optional<Credentials> rejected;
  TimeMs renew_at = 0;
  bool fetching = false;
  TimeMs fetch_not_before = 0;
  DurationMs pause = 0;
  absl::Status last_error = absl::UnavailableError("no credentials yet");
  std::vector<CredentialsDone> waiting;
};

void CachedCredentials::State::Get(CredentialsDone done) {
  std::optional<absl::StatusOr<Credentials>> answer;
  bool fetch = false;
  {
    const std::lock_guard<std::mutex> lock(mutex);
    const TimeMs now = clock.Now();
    fetch = WantsFetch(now);
    fetching = fetching || fetch;
    if (Valid(now) && !(Rejected() && fetching)) {
      answer = *current;
    } else if (fetching) {
      waiting.push_back(std::move(done));
    } else {
      answer = last_error;
    }
  }
  if (answer) done(*std::move(answer));
  if (fetch)
    source([self = shared_from_this()](absl::StatusOr<Credentials> fetched) { self->OnFetched(std::move(fetched)); });
}

void CachedCredentials::State::OnFetched(absl::StatusOr<Credentials> fetched) {
  std::vector<CredentialsDone> served;
  absl::StatusOr<Credentials> answer = absl::UnavailableError("");
  {
    const std::lock_guard<std::mutex> lock(mutex);
    const TimeMs now = clock.Now();
    fetching = false;
    if (fetched.ok() && fetched->expires_at != 0 && fetched->expires_at - kMargin <= now) {
      fetched = absl::UnavailableError("the credentials' source gave expired ones");
    }
    if (fetched.ok()) {
      Keep(*std::move(fetched), now);
    } else {
      last_error = fetched.status();
      Pause(now);
    }
    if (Valid(now)) {
      answer = *current;
    } else {
      answer = last_error;
    }
    served.swap(waiting);
  }
  for (const CredentialsDone& done : served) done(answer);
}

void CachedCredentials::State::Keep(Credentials fetched, TimeMs now) {
  current = std::move(fetched);
  if (Rejected()) {
    Pause(now);
  } else {
    pause = 0;
    fetch_not_before = 0;
  }
  const DurationMs life = current->expires_at - now;
  renew_at = current->expires_at == 0 ? 0 : current->expires_at - std::min(kEarliestRenewal, life / 4);
}

void CachedCredentials::State::Pause(TimeMs now) {
  pause = std::clamp(pause * 2, kFirstPause, kLongestPause);
  fetch_not_before = now + pause;
}

CachedCredentials::CachedCredentials(CredentialsSource source, const Clock& clock)
    : state_(std::make_shared<State>(std::move(source), clock)) {}

CachedCredentials::~CachedCredentials() {
  std::vector<CredentialsDone> dropped;
  const std::lock_guard<std::mutex> lock(state_->mutex);
  dropped.swap(state_->waiting);
}

void CachedCredentials::Get(CredentialsDone done) { state_->Get(std::move(done)); }

CredentialsSource FromCached(std::shared_ptr<CachedCredentials> credentials) {
  return [credentials = std::move(credentials)](CredentialsDone done) { credentials->Get(std::move(done)); };
}

bool CachedCredentials::Reject(const Credentials& used) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  if (state_->current != used) return true;
  const bool first = !state_->Rejected();
  state_->rejected = used;
  if (first) state_->fetch_not_before = 0;
  return first;
}

}  // namespace tokenbroker::outbound::aws
