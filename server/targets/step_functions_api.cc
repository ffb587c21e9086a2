#include "server/targets/step_functions_api.h"

#include <utility>

#include "server/outbound/aws/endpoint.h"
#include "server/targets/step_functions_answer.h"

namespace tokenbroker::targets {
namespace {

outbound::aws::JsonClientOptions OptionsOf(const StepFunctionsPlace& place) {
  return {.service = "states",
          .region = place.region,
          .endpoint = place.endpoint.empty() ? outbound::aws::EndpointOf("states", place.region) : place.endpoint,
          .target_prefix = "AWSStepFunctions",
          .timeout = place.timeout};
}

}  // namespace

StepFunctionsApi::StepFunctionsApi(StepFunctionsPlace place, outbound::HttpClient& http,
                                   std::shared_ptr<outbound::aws::CachedCredentials> credentials, QuotaBook& quotas,
                                   const Clock& clock)
    : place_(std::move(place)),
      quotas_(quotas),
      client_(std::make_shared<outbound::aws::JsonClient>(OptionsOf(place_), http, std::move(credentials), clock)) {}

int64_t StepFunctionsApi::available(std::string_view operation) const {
  return quotas_.For(place_.account, place_.region, operation)->available();
}

void StepFunctionsApi::Call(std::string_view operation, std::string body, Done done) {
  // Needed by both ways, of which one is taken.
  const auto shared_done = std::make_shared<Done>(std::move(done));
  const auto quota = quotas_.For(place_.account, place_.region, operation);
  // The quota keeps `go` while it waits: it must not keep the quota. What has not left when this is gone stays.
  auto go = [weak_client = std::weak_ptr<outbound::aws::JsonClient>(client_), weak = std::weak_ptr<CallQuota>(quota),
             operation = std::string(operation), body = std::move(body), shared_done]() mutable {
    const auto client = weak_client.lock();
    if (client == nullptr) return;
    client->Call(operation, std::move(body), [weak, shared_done](outbound::aws::JsonAnswer answer) {
      const auto kept = weak.lock();
      if (kept != nullptr && answer.prepared.ok() && answer.http.answered()) kept->OnAnswer(IsThrottled(answer));
      (*shared_done)({.json = std::move(answer)});
    });
  };
  const DurationMs held_back = quota->Take(place_.longest_wait, std::move(go));
  if (held_back > 0) (*shared_done)({.held_back = held_back});
}

}  // namespace tokenbroker::targets
