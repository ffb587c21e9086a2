#include "server/web/aws_route.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "base/system_clock.h"

namespace tokenbroker::web {
namespace {

http::Response ResponseOf(aws::Answer answer) {
  http::Response response;
  response.status = answer.status;
  response.content_type = answer.content_type;
  for (const auto& [name, value] : answer.headers) response.AddHeader(name, value);
  response.body = std::move(answer.body);
  return response;
}

// The metrics of each operation; found once, because finding costs more than counting.
class OperationMetrics {
 public:
  OperationMetrics(const aws::Door& door, BrokerMetrics& metrics) : unknown_(metrics.rpc(kPrefix + "unknown")) {
    for (const std::string& name : door.OperationNames()) known_.emplace(name, &metrics.rpc(kPrefix + name));
  }

  RpcMetrics& Of(std::string_view operation) const {
    const auto found = known_.find(operation);
    return found == known_.end() ? unknown_ : *found->second;
  }

 private:
  inline static const std::string kPrefix = "AWSStepFunctions/";

  std::map<std::string, RpcMetrics*, std::less<>> known_;
  RpcMetrics& unknown_;
};

// What lives until the answer has left.
struct UnderWay {
  explicit UnderWay(http::ExchangePtr the_exchange) : exchange(std::move(the_exchange)) {}

  void Answer(aws::Answer answer, const OperationMetrics& metrics) {
    metrics.Of(answer.operation).OnDone(answer.code, static_cast<double>(ElapsedMicros() - began) * 1e-6);
    std::exchange(exchange, nullptr)->Answer(ResponseOf(std::move(answer)));
  }

  http::ExchangePtr exchange;
  const int64_t began = ElapsedMicros();
};

void Serve(const aws::Door& door, const OperationMetrics& metrics, http::ExchangePtr exchange) {
  const http::Request& request = exchange->request();
  std::vector<aws::Header> headers;
  headers.reserve(request.headers.size());
  for (const http::Header& header : request.headers) headers.push_back({header.name, header.value});
  const std::string_view method = http::NameOf(request.method);
  const aws::Request asked{method, request.path, request.query, headers, request.body, exchange->request_id()};
  auto under_way = std::make_unique<UnderWay>(std::move(exchange));
  Home& home = under_way->exchange->home();
  door.Serve(asked, home, [under_way = std::move(under_way), &metrics](aws::Answer answer) {
    under_way->Answer(std::move(answer), metrics);
  });
}

}  // namespace

absl::Status AddAwsRoute(const aws::Door& door, BrokerMetrics& metrics, http::Router& router) {
  router.SetErrorForm("/", [](const http::Failure& failure) {
    return ResponseOf(aws::FailureAnswer(failure.status, failure.message, failure.request_id));
  });
  const auto counted = std::make_shared<const OperationMetrics>(door, metrics);
  return router.Add(
      {.method = http::Method::kPost,
       .path = "/",
       .handle = [&door, counted](http::ExchangePtr exchange) { Serve(door, *counted, std::move(exchange)); },
       .max_body_bytes = aws::kMaxBodyBytes});
}

}  // namespace tokenbroker::web
