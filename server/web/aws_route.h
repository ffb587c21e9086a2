// Where AWS SDKs find the AWS door: POST / on the HTTP server.
#pragma once

#include "absl/status/status.h"
#include "server/aws/door.h"
#include "server/http/router.h"
#include "server/telemetry/broker_metrics.h"

namespace tokenbroker::web {

// `door` and `metrics` must outlive the server. Calls are counted as "AWSStepFunctions/<operation>".
absl::Status AddAwsRoute(const aws::Door& door, BrokerMetrics& metrics, http::Router& router);

}  // namespace tokenbroker::web
