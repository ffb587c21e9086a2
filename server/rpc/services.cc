#include "server/rpc/services.h"

#include <utility>

#include "server/calls/admin_calls.h"
#include "server/calls/bench_calls.h"
#include "server/calls/read_calls.h"
#include "server/calls/resolver_calls.h"
#include "server/calls/task_calls.h"
#include "server/rpc/stream_calls.h"
#include "tokenbroker/bench/v1/bench.pb.h"

namespace tokenbroker::rpc {
namespace {

using Table = std::unique_ptr<MethodTable>;

Table MakeTable(const Shared& shared, const char* service) {
  return std::make_unique<MethodTable>(shared.door, shared.under_way, service);
}

Table ResolverService(const Shared& shared) {
  Table table = MakeTable(shared, "tokenbroker.v1.ResolverService");
  table->Unary<calls::HeartbeatCall>("Heartbeat");
  table->Unary<calls::SucceedCall>("Succeed");
  table->Unary<calls::FailCall>("Fail");
  table->Unary<calls::BatchHeartbeatCall>("BatchHeartbeat");
  table->Unary<calls::BatchSettleCall>("BatchSettle");
  table->Unary<calls::PeekTaskCall>("PeekTask");
  table->Stream("SettleStream", [&streams = shared.streams](StreamCall::Parts parts) {
    return new SettleStreamCall(std::move(parts), streams);
  });
  return table;
}

Table TaskService(const Shared& shared) {
  Table table = MakeTable(shared, "tokenbroker.v1.TaskService");
  table->Unary<calls::IssueTaskCall>("IssueTask");
  table->Unary<calls::BatchIssueTasksCall>("BatchIssueTasks");
  table->Unary<calls::GetTaskCall>("GetTask");
  table->Unary<calls::BatchGetTasksCall>("BatchGetTasks");
  table->Unary<calls::ListTasksCall>("ListTasks");
  table->Unary<calls::CancelTaskCall>("CancelTask");
  table->Unary<calls::ExtendDeadlineCall>("ExtendDeadline");
  table->Unary<calls::AwaitTaskCall>("AwaitTask");
  table->Stream("WatchTasks", [&streams = shared.streams, &sleepers = shared.sleepers](StreamCall::Parts parts) {
    return new WatchTasksCall(std::move(parts), streams, sleepers);
  });
  return table;
}

Table AdminService(const Shared& shared) {
  Table table = MakeTable(shared, "tokenbroker.v1.AdminService");
  table->Unary<calls::CreateBackupCall>("CreateBackup");
  table->Unary<calls::GetStatusCall>("GetStatus");
  return table;
}

Table BenchService(const Shared& shared) {
  bench::v1::Anchor::descriptor();  // for reflection: otherwise the linker leaves it out
  Table table = MakeTable(shared, "tokenbroker.bench.v1.BenchService");
  table->Unary<calls::NullCall>("Null");
  return table;
}

}  // namespace

std::vector<std::unique_ptr<MethodTable>> MakeServices(const Shared& shared) {
  std::vector<Table> tables;
  tables.push_back(ResolverService(shared));
  tables.push_back(TaskService(shared));
  tables.push_back(AdminService(shared));
  if (shared.door.bench_null) tables.push_back(BenchService(shared));
  return tables;
}

}  // namespace tokenbroker::rpc
