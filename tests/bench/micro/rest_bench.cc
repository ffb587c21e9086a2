// What stands between an HTTP request's parts and a message.
#include <benchmark/benchmark.h>

#include "server/rest/bind.h"
#include "server/rest/route_table.h"
#include "tokenbroker/v1/resolver_service.pb.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::benchmarks {
namespace {

const rest::RouteTable& Table() {
  static const auto* const table = new absl::StatusOr<rest::RouteTable>(rest::ContractRoutes());
  return table->value();
}

const std::string& TokenPath() {
  static const auto* const path = new std::string("/v1/tokens/" + std::string(48, 'T') + ":succeed");
  return *path;
}

void BM_FindRoute(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Table().Find("POST", TokenPath()).route);
}
BENCHMARK(BM_FindRoute);

void BM_FindNoRoute(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Table().Find("POST", "/v1/tokens/abc:suceed").hint.size());
}
BENCHMARK(BM_FindNoRoute);

void BM_FindAndBindSettle(benchmark::State& state) {
  v1::SucceedRequest request;
  for (auto _ : state) {
    request.Clear();
    const rest::Found found = Table().Find("POST", TokenPath());
    if (!rest::Bind(found, "", R"({"output":"{\"approved\":true,\"by\":\"bench\"}"})", request).ok()) {
      state.SkipWithError("refused");
    }
  }
}
BENCHMARK(BM_FindAndBindSettle);

void BM_FindAndBindList(benchmark::State& state) {
  v1::ListTasksRequest request;
  for (auto _ : state) {
    request.Clear();
    const rest::Found found = Table().Find("GET", "/v1/namespaces/bench/tasks");
    if (!rest::Bind(found, "pageSize=50&filter.states=TASK_STATE_WAITING&filter.minAge=60s", "", request).ok()) {
      state.SkipWithError("refused");
    }
  }
}
BENCHMARK(BM_FindAndBindList);

}  // namespace
}  // namespace tokenbroker::benchmarks
