// An outcome as a CloudEvents 1.0 event in structured mode. Pure.
//
//   {"specversion":"1.0","id":"...","source":"tokenbroker/namespaces/orders","type":"tokenbroker.v1.task.succeeded",
//    "subject":"<task id>","time":"...","datacontenttype":"application/json","traceparent":"...",
//    "data":{"namespace":"orders","taskId":"...","correlationKey":"...","labels":{...},"output":{...},...}}
#pragma once

#include <string>
#include <string_view>

#include "server/forward/outcome_target.h"

namespace tokenbroker::targets {

inline constexpr std::string_view kCloudEventType = "application/cloudevents+json; charset=utf-8";

// `source` names this broker: what its events' sources begin with. The output stands in it as it was sent, byte for
// byte; the upstream token does not.
std::string CloudEventOf(const forward::Delivery& delivery, std::string_view source);

}  // namespace tokenbroker::targets
