// Every unary call of the contract, by the name of its method: for doors.
//
//   ForEachUnaryCall([&]<typename C>(const char* service, const char* method) { ... });
#pragma once

#include "server/calls/admin_calls.h"
#include "server/calls/delivery_calls.h"
#include "server/calls/read_calls.h"
#include "server/calls/resolver_calls.h"
#include "server/calls/task_calls.h"

namespace tokenbroker::calls {

inline constexpr char kResolverService[] = "tokenbroker.v1.ResolverService";
inline constexpr char kTaskService[] = "tokenbroker.v1.TaskService";
inline constexpr char kDeliveryService[] = "tokenbroker.v1.DeliveryService";
inline constexpr char kAdminService[] = "tokenbroker.v1.AdminService";

template <typename Visit>
void ForEachUnaryCall(const Visit& visit) {
  visit.template operator()<HeartbeatCall>(kResolverService, "Heartbeat");
  visit.template operator()<SucceedCall>(kResolverService, "Succeed");
  visit.template operator()<FailCall>(kResolverService, "Fail");
  visit.template operator()<BatchHeartbeatCall>(kResolverService, "BatchHeartbeat");
  visit.template operator()<BatchSettleCall>(kResolverService, "BatchSettle");
  visit.template operator()<PeekTaskCall>(kResolverService, "PeekTask");
  visit.template operator()<IssueTaskCall>(kTaskService, "IssueTask");
  visit.template operator()<BatchIssueTasksCall>(kTaskService, "BatchIssueTasks");
  visit.template operator()<GetTaskCall>(kTaskService, "GetTask");
  visit.template operator()<BatchGetTasksCall>(kTaskService, "BatchGetTasks");
  visit.template operator()<ListTasksCall>(kTaskService, "ListTasks");
  visit.template operator()<CancelTaskCall>(kTaskService, "CancelTask");
  visit.template operator()<ExtendDeadlineCall>(kTaskService, "ExtendDeadline");
  visit.template operator()<AwaitTaskCall>(kTaskService, "AwaitTask");
  visit.template operator()<ListDeliveriesCall>(kDeliveryService, "ListDeliveries");
  visit.template operator()<GetDeliveryCall>(kDeliveryService, "GetDelivery");
  visit.template operator()<RedriveDeliveriesCall>(kDeliveryService, "RedriveDeliveries");
  visit.template operator()<DropDeliveryCall>(kDeliveryService, "DropDelivery");
  visit.template operator()<DropDeliveriesCall>(kDeliveryService, "DropDeliveries");
  visit.template operator()<CreateBackupCall>(kAdminService, "CreateBackup");
  visit.template operator()<GetStatusCall>(kAdminService, "GetStatus");
}

}  // namespace tokenbroker::calls
