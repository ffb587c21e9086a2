// Calls to a server on this machine that answers at once: what the HTTP client alone can do, and what targets make of
// it. Client and server share the machine.
#include <benchmark/benchmark.h>

#include <condition_variable>
#include <mutex>

#include "base/system_clock.h"
#include "server/http/server.h"
#include "server/outbound/curl_client.h"
#include "server/targets/step_functions_target.h"
#include "server/targets/webhook_target.h"

namespace tokenbroker::benchmarks {
namespace {

constexpr int kUnderWay = 64;

std::unique_ptr<http::Server> StartServer() {
  http::Router router;
  const absl::Status added =
      router.Add({.method = http::Method::kPost, .path = "/", .handle = [](http::ExchangePtr exchange) {
                    exchange->Answer({.content_type = "application/x-amz-json-1.0", .body = "{}"});
                  }});
  return added.ok() ? http::Server::Start({}, std::move(router)).value() : nullptr;
}

// Lets so many through at once.
class Window {
 public:
  void Enter() {
    std::unique_lock<std::mutex> lock(mutex_);
    left_.wait(lock, [this] { return inside_ < kUnderWay; });
    ++inside_;
  }
  void Leave() {
    const std::lock_guard<std::mutex> lock(mutex_);
    --inside_;
    left_.notify_one();
  }
  void AwaitEmpty() {
    std::unique_lock<std::mutex> lock(mutex_);
    left_.wait(lock, [this] { return inside_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable left_;
  int inside_ = 0;
};

struct Setting {
  std::unique_ptr<http::Server> server = StartServer();
  std::string url = "http://127.0.0.1:" + std::to_string(server->port()) + "/";
  std::unique_ptr<outbound::CurlClient> http = outbound::CurlClient::Start({}).value();
  SystemClock clock;
  Window window;
};

forward::Delivery MakeDelivery() {
  forward::Delivery delivery;
  delivery.id = delivery.task_id = "0123456789abcdef";
  delivery.namespace_name = "bench";
  delivery.upstream_token = std::string(700, 't');
  delivery.output = R"({"approved":true,"by":"bench"})";
  return delivery;
}

void DeliverAll(benchmark::State& state, Setting& setting, forward::OutcomeTarget& target) {
  for (auto _ : state) {
    setting.window.Enter();
    target.Deliver(MakeDelivery(), [&](const forward::Answer& answer) {
      if (answer.kind != forward::Answer::Kind::kAccepted) state.SkipWithError(answer.message.c_str());
      setting.window.Leave();
    });
  }
  setting.window.AwaitEmpty();
  state.SetItemsProcessed(state.iterations());
}

void BM_BareClient(benchmark::State& state) {
  Setting setting;
  for (auto _ : state) {
    setting.window.Enter();
    setting.http->Send({.url = setting.url, .body = std::string(800, 'x')}, [&](const outbound::HttpResult& result) {
      if (!result.answered()) state.SkipWithError(result.message.c_str());
      setting.window.Leave();
    });
  }
  setting.window.AwaitEmpty();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_BareClient)->UseRealTime();

void BM_StepFunctionsTarget(benchmark::State& state) {
  Setting setting;
  targets::QuotaBook quotas(setting.clock, *setting.http);
  quotas.Grant("1", "eu-west-1", {1'000'000, 1'000'000});
  const auto credentials = std::make_shared<outbound::aws::CachedCredentials>(
      [](const outbound::aws::CredentialsDone& done) {
        done(outbound::aws::Credentials{"AKID", "secret"});
      },
      setting.clock);
  targets::StepFunctionsTarget target(
      std::make_unique<targets::StepFunctionsApi>(
          targets::StepFunctionsPlace{.region = "eu-west-1", .endpoint = setting.url, .account = "1"}, *setting.http,
          credentials, quotas, setting.clock),
      setting.clock);
  DeliverAll(state, setting, target);
}
BENCHMARK(BM_StepFunctionsTarget)->UseRealTime();

void BM_WebhookTarget(benchmark::State& state) {
  Setting setting;
  const auto target = targets::WebhookTarget::Make({.url = setting.url,
                                                    .secrets = {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
                                                    .allowed_addresses = {"127.0.0.0/8"},
                                                    .allow_http = true},
                                                   *setting.http, setting.clock);
  DeliverAll(state, setting, **target);
}
BENCHMARK(BM_WebhookTarget)->UseRealTime();

}  // namespace
}  // namespace tokenbroker::benchmarks
