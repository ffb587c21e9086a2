// The callback door on the HTTP server: /c/{token} and its actions.
//
// Whoever logs or counts requests takes the route's name, never the path: the path holds a secret.
#pragma once

#include "absl/status/status.h"
#include "server/calls/authenticator.h"
#include "server/http/router.h"
#include "server/pages/callback_door.h"

namespace tokenbroker::web {

// Both must outlive the server.
absl::Status AddCallbackRoutes(const pages::CallbackDoor& door, const calls::Authenticator& authenticator,
                               http::Router& router);

}  // namespace tokenbroker::web
