#include "server/web/bench_routes.h"

#include <string>
#include <utility>

#include "base/status_macros.h"

namespace tokenbroker::web {
namespace {

absl::Status Add(const char* path, http::Response (*answer)(const http::Exchange&), http::Router& router) {
  return router.Add({.method = http::Method::kPost, .path = path, .handle = [answer](http::ExchangePtr exchange) {
                       http::Response response = answer(*exchange);
                       exchange->Answer(std::move(response));
                     }});
}

http::Response AsRest(const http::Exchange&) {
  return {.content_type = "application/json",
          .body = R"({"verdict":"VERDICT_ACCEPTED","taskId":"000000000000000000"})"};
}

http::Response AsAws(const http::Exchange& exchange) {
  http::Response response{.content_type = "application/x-amz-json-1.0", .body = "{}"};
  response.AddHeader("x-amzn-RequestId", exchange.request_id());
  response.AddHeader("x-tokenbroker-verdict", "ACCEPTED");
  return response;
}

}  // namespace

absl::Status AddBenchRoutes(http::Router& router) {
  TB_RETURN_IF_ERROR(Add("/bench/rest", AsRest, router));
  return Add("/bench/aws", AsAws, router);
}

}  // namespace tokenbroker::web
