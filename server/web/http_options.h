// What the settings mean to the HTTP server.
#pragma once

#include "server/config/config.h"
#include "server/http/options.h"

namespace tokenbroker::web {

http::ServerOptions OptionsOf(const HttpConfig& config, const TlsConfig& tls);

}  // namespace tokenbroker::web
