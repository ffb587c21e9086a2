// From valid requests to the broker's operations. Texts are viewed, not copied: the request must outlive the operation.
#pragma once

#include <google/protobuf/arena.h>

#include "server/broker/broker.h"
#include "server/calls/validate.h"

namespace tokenbroker::calls {

broker::TaskAddress AddressOf(const broker::Broker& broker, const pb::TaskRef& ref);

void Fill(const broker::Broker& broker, const pb::IssueTaskRequest& request, const InputLimits& limits,
          broker::IssueOperation& operation);
void Fill(const broker::Broker& broker, const pb::HeartbeatRequest& request, broker::HeartbeatOperation& operation);
void Fill(const broker::Broker& broker, const pb::SucceedRequest& request, broker::ResolveOperation& operation);
void Fill(const broker::Broker& broker, const pb::FailRequest& request, broker::ResolveOperation& operation);
void Fill(const broker::Broker& broker, const pb::Settlement& settlement, broker::ResolveOperation& operation);
void Fill(const broker::Broker& broker, const pb::CancelTaskRequest& request, broker::CancelOperation& operation);
void Fill(const broker::Broker& broker, const pb::ExtendDeadlineRequest& request, broker::ExtendOperation& operation);
void Fill(const broker::Broker& broker, const pb::AwaitTaskRequest& request, broker::AwaitOperation& operation);

// Copies the texts into the arena: from now on that must outlive the operation, and the request need not.
void KeepTexts(google::protobuf::Arena& arena, broker::IssueRequest& request);
void KeepTexts(google::protobuf::Arena& arena, broker::ResolveOperation& operation);

}  // namespace tokenbroker::calls
