#include "server/rpc/services.h"

#include <string>
#include <utility>

#include "server/calls/bench_calls.h"
#include "server/calls/method_list.h"
#include "server/rpc/stream_calls.h"
#include "tokenbroker/bench/v1/bench.pb.h"

namespace tokenbroker::rpc {
namespace {

using Table = std::unique_ptr<MethodTable>;

Table MakeTable(const Shared& shared, const std::string& service) {
  Table table = std::make_unique<MethodTable>(shared.door, shared.under_way, service);
  calls::ForEachUnaryCall([&]<typename C>(const char* of, const char* method) {
    if (service == of) table->Unary<C>(method);
  });
  return table;
}

Table ResolverService(const Shared& shared) {
  Table table = MakeTable(shared, calls::kResolverService);
  table->Stream("SettleStream", [&streams = shared.streams](StreamCall::Parts parts) {
    return new SettleStreamCall(std::move(parts), streams);
  });
  return table;
}

Table TaskService(const Shared& shared) {
  Table table = MakeTable(shared, calls::kTaskService);
  table->Stream("WatchTasks", [&streams = shared.streams, &sleepers = shared.sleepers](StreamCall::Parts parts) {
    return new WatchTasksCall(std::move(parts), streams, sleepers);
  });
  return table;
}

Table DeliveryService(const Shared& shared) {
  Table table = MakeTable(shared, calls::kDeliveryService);
  table->Stream("Subscribe", [&streams = shared.streams](StreamCall::Parts parts) {
    return new SubscribeCall(std::move(parts), streams);
  });
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
  tables.push_back(DeliveryService(shared));
  tables.push_back(MakeTable(shared, calls::kAdminService));
  if (shared.door.bench_null) tables.push_back(BenchService(shared));
  return tables;
}

}  // namespace tokenbroker::rpc
