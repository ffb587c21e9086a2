// Where AWS SDKs find the AWS door: POST / on the HTTP server.
#pragma once

#include "absl/status/status.h"
#include "server/aws/door.h"
#include "server/http/router.h"

namespace tokenbroker::web {

// `door` must outlive the server.
absl::Status AddAwsRoute(const aws::Door& door, http::Router& router);

}  // namespace tokenbroker::web
