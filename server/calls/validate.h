// What each request must be, before anything is done for it. Pure: no broker, no clock, no gRPC.
//
// Every function answers the first broken rule, or no refusal. In the same order as the contract's fields.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "server/broker/reason.h"
#include "tokenbroker/v1/admin_service.pb.h"
#include "tokenbroker/v1/delivery_service.pb.h"
#include "tokenbroker/v1/resolver_service.pb.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::calls {

namespace pb = tokenbroker::v1;

inline constexpr int kMaxBatch = 1000;
inline constexpr int kMaxStates = 16;
inline constexpr int kDefaultPage = 100;
inline constexpr int kMaxPage = 1000;
inline constexpr DurationMs kDefaultAwait = 30'000;
inline constexpr DurationMs kMaxDeliveryWait = 60'000;
inline constexpr int kDefaultPicked = 1'000;
inline constexpr int kMaxPicked = 10'000;
inline constexpr int kMaxCredit = 1'000;
inline constexpr DurationMs kMaxAnswerDelay = DurationMs{24} * 3600 * 1000;

// What a configured target asks of its tasks.
struct TargetTerms {
  std::string name;
  // Outcomes reach it by the upstream token, and no other way.
  bool needs_upstream_token = false;
};

// What is configurable.
struct InputLimits {
  size_t max_input = 262'144;
  size_t max_output = 262'144;
  DurationMs default_timeout = DurationMs{7} * 24 * 3600 * 1000;
  // The configured targets, in order of their names.
  std::vector<TargetTerms> targets;
  // Of tasks with an upstream token and no target of their own; empty: none.
  std::string default_target;
};

// --- Parts ---

// `field` is its name in the request: "task"; empty for an item that is itself the reference.
broker::Refusal Validate(const pb::TaskRef& ref, std::string_view field = "task");
broker::Refusal Validate(const pb::Settlement& settlement, const InputLimits& limits, std::string_view prefix = {});

// --- ResolverService ---

broker::Refusal Validate(const pb::HeartbeatRequest& request);
broker::Refusal Validate(const pb::SucceedRequest& request, const InputLimits& limits, std::string_view prefix = {});
broker::Refusal Validate(const pb::FailRequest& request, const InputLimits& limits, std::string_view prefix = {});
broker::Refusal Validate(const pb::PeekTaskRequest& request, const InputLimits& limits);

// --- TaskService ---

broker::Refusal Validate(const pb::IssueTaskRequest& request, const InputLimits& limits);
broker::Refusal Validate(const pb::GetTaskRequest& request);
broker::Refusal Validate(const pb::BatchGetTasksRequest& request);
broker::Refusal Validate(const pb::ListTasksRequest& request);
broker::Refusal Validate(const pb::CancelTaskRequest& request);
broker::Refusal Validate(const pb::ExtendDeadlineRequest& request);
broker::Refusal Validate(const pb::AwaitTaskRequest& request);
broker::Refusal Validate(const pb::WatchTasksRequest& request);

// --- DeliveryService ---

broker::Refusal Validate(const pb::ListDeliveriesRequest& request);
broker::Refusal Validate(const pb::GetDeliveryRequest& request);
broker::Refusal Validate(const pb::RedriveDeliveriesRequest& request);
broker::Refusal Validate(const pb::DropDeliveryRequest& request);
broker::Refusal Validate(const pb::DropDeliveriesRequest& request);
// `first`: of its stream.
broker::Refusal Validate(const pb::SubscribeRequest& request, bool first);

// Of a batch as a whole; its items are judged one by one.
broker::Refusal ValidateBatch(int items);

}  // namespace tokenbroker::calls
