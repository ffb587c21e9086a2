// Answers of the REST door: messages as JSON, refusals in the form of AIP-193.
#pragma once

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "google/rpc/status.pb.h"
#include "server/broker/reason.h"
#include "server/http/response.h"

namespace tokenbroker::web {

inline constexpr char kJson[] = "application/json";

http::Response JsonAnswer(const google::protobuf::Message& message);
// `http_status` 0: that of the code.
http::Response JsonRefusal(const google::rpc::Status& status, int http_status = 0);
// A request that does not say what it should; a status of json:: or rest::.
broker::Refusal BadRequest(const absl::Status& fault);
// What the HTTP server itself has against a request.
http::Response JsonFailure(const http::Failure& failure);

}  // namespace tokenbroker::web
