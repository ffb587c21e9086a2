#include "server/rpc/services.h"

#include "server/rpc/admin_calls.h"
#include "server/rpc/bench_calls.h"
#include "server/rpc/method_table.h"
#include "server/rpc/read_calls.h"
#include "server/rpc/resolver_calls.h"
#include "server/rpc/settle_stream.h"
#include "server/rpc/sleepers.h"
#include "server/rpc/task_calls.h"
#include "server/rpc/watch_stream.h"
#include "tokenbroker/bench/v1/bench.grpc.pb.h"
#include "tokenbroker/v1/admin_service.grpc.pb.h"
#include "tokenbroker/v1/resolver_service.grpc.pb.h"
#include "tokenbroker/v1/task_service.grpc.pb.h"

namespace tokenbroker::rpc {
namespace {

class ResolverDoor : public MethodTable<pb::ResolverService> {
 public:
  ResolverDoor(const Door& door, Streams& streams) : MethodTable(door) {
    Unary<HeartbeatCall>("Heartbeat");
    Unary<SucceedCall>("Succeed");
    Unary<FailCall>("Fail");
    Unary<BatchHeartbeatCall>("BatchHeartbeat");
    Unary<BatchSettleCall>("BatchSettle");
    Unary<PeekTaskCall>("PeekTask");
    BidiStream("SettleStream", [&door, &streams](RpcMetrics& metrics, grpc::CallbackServerContext& context) {
      return new rpc::SettleStream({door, streams, metrics, context});
    });
  }
};

class TaskDoor : public MethodTable<pb::TaskService> {
 public:
  TaskDoor(const Door& door, Streams& streams) : MethodTable(door), sleepers_(door.broker) {
    Unary<IssueTaskCall>("IssueTask");
    Unary<BatchIssueTasksCall>("BatchIssueTasks");
    Unary<GetTaskCall>("GetTask");
    Unary<BatchGetTasksCall>("BatchGetTasks");
    Unary<ListTasksCall>("ListTasks");
    Unary<CancelTaskCall>("CancelTask");
    Unary<ExtendDeadlineCall>("ExtendDeadline");
    Unary<AwaitTaskCall>("AwaitTask");
    ServerStream("WatchTasks", [&door, &streams, this](RpcMetrics& metrics, grpc::CallbackServerContext& context,
                                                       const grpc::ByteBuffer& request) {
      return new WatchStream({door, streams, sleepers_, metrics, context}, request);
    });
  }

 private:
  Sleepers sleepers_;
};

class AdminDoor : public MethodTable<pb::AdminService> {
 public:
  explicit AdminDoor(const Door& door) : MethodTable(door) {
    Unary<CreateBackupCall>("CreateBackup");
    Unary<GetStatusCall>("GetStatus");
  }
};

class BenchDoor : public MethodTable<bench::v1::BenchService> {
 public:
  explicit BenchDoor(const Door& door) : MethodTable(door) {
    bench::v1::Anchor::descriptor();
    Unary<NullCall>("Null");
  }
};

}  // namespace

std::vector<std::unique_ptr<grpc::Service>> MakeServices(const Door& door, Streams& streams) {
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(std::make_unique<ResolverDoor>(door, streams));
  services.push_back(std::make_unique<TaskDoor>(door, streams));
  services.push_back(std::make_unique<AdminDoor>(door));
  if (door.bench_null) services.push_back(std::make_unique<BenchDoor>(door));
  return services;
}

}  // namespace tokenbroker::rpc
