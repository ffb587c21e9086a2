// Who makes this request, and whether a browser sends it for somebody else.
#pragma once

#include <string>
#include <vector>

#include "server/broker/principal.h"
#include "server/broker/reason.h"
#include "server/calls/authenticator.h"
#include "server/http/exchange.h"

namespace tokenbroker::web {

// nullptr if the caller shows credentials that are not known.
const broker::Principal* CallerOf(const http::Exchange& exchange, const calls::Authenticator& authenticator);

// A page of another site makes the browser ask: such a request may not change anything, unless `origins` has the page's
// (or "*"). Browsers say so in Origin; who is no browser sends none. Empty for what only reads.
broker::Refusal CheckSite(const http::Request& request, const std::vector<std::string>& origins);

}  // namespace tokenbroker::web
