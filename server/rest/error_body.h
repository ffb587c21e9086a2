// How an error looks over HTTP: https://google.aip.dev/193.
#pragma once

#include <cstdint>
#include <string>

#include "google/rpc/status.pb.h"

namespace tokenbroker::rest {

// The HTTP status that stands for a google.rpc.Code, as google/rpc/code.proto has it; 500 for what is none.
int HttpStatusOf(int code);

// Appends {"error":{"code":404,"status":"NOT_FOUND","message":"...","details":[...]}}, where `code` is that of HTTP and
// `details` are messages with their "@type". `http_status`: where there is one that says more than the code's, as 413
// does; 0: the code's.
void WriteError(const google::rpc::Status& status, std::string& out, int http_status = 0);

// The value of the header `Retry-After`: whole seconds, rounded up, at least 1. 0 if there is no RetryInfo: no header.
int64_t RetryAfterOf(const google::rpc::Status& status);

}  // namespace tokenbroker::rest
