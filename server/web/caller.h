// Who makes a request, and whether it is let in.
#pragma once

#include "server/broker/principal.h"
#include "server/broker/reason.h"
#include "server/calls/authenticator.h"
#include "server/http/exchange.h"
#include "server/web/shared.h"

namespace tokenbroker::web {

// nullptr if the caller shows credentials that are not known.
const broker::Principal* CallerOf(const http::Exchange& exchange, const calls::Authenticator& authenticator);

struct Admission {
  // nullptr: `refusal` says that the credentials are not known.
  const broker::Principal* caller = nullptr;
  broker::Refusal refusal;
};

// Before anything else that the contract's calls do: who calls, and whether the page may that sends it (sites.h).
Admission Admit(const http::Exchange& exchange, const Shared& shared);

}  // namespace tokenbroker::web
