// The callback door on an HTTP server.
//
//   pages::CallbackDoor callbacks(door, options);               // outlives the server
//   TB_RETURN_IF_ERROR(pages::AddRoutes(callbacks, caller_of, router));
//
// Whoever logs or counts requests takes Route::name, never the path: the path holds a secret.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "server/broker/principal.h"
#include "server/http/router.h"
#include "server/pages/callback_door.h"

namespace tokenbroker::pages {

// Who makes the request; nullptr if it shows credentials that are not known. Must live as long as the door.
using CallerOf = std::function<const broker::Principal*(const http::Exchange& exchange)>;

absl::Status AddRoutes(const CallbackDoor& door, CallerOf caller_of, http::Router& router);

}  // namespace tokenbroker::pages
