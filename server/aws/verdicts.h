// From the broker's refusals to AWS's errors: one table, by reason. Pure.
#pragma once

#include <string_view>

#include "server/aws/error.h"
#include "server/broker/operation.h"
#include "server/broker/reason.h"

namespace tokenbroker::aws {

struct RefusedCall {
  // "SendTaskSuccess".
  std::string_view operation;
  // The caller's.
  std::string_view principal;
  // What the task token turned out to be.
  broker::TaskAddress::Kind token;
};

Error ToError(const broker::Refusal& refusal, const RefusedCall& call);

}  // namespace tokenbroker::aws
