#include "server/targets/webhook_target.h"
#include "tests/targets/conformance.h"
#include "tests/targets/fixtures.h"

namespace tokenbroker::targets {
namespace {

constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

class Webhook : public Subject {
 public:
  std::unique_ptr<forward::OutcomeTarget> Make(const std::string& url, outbound::CurlClient& http,
                                               DurationMs timeout) override {
    return WebhookTarget::Make({.url = url + "/path-secret",
                                .secrets = {kSecret},
                                .allowed_addresses = {"127.0.0.0/8"},
                                .allow_http = true,
                                .timeout = timeout},
                               http, clock_)
        .value();
  }
  std::string AcceptedBody() const override { return ""; }
  int GoneStatus() const override { return 409; }
  std::string GoneBody() const override { return "there was nothing at /path-secret"; }
  std::string PayloadOf(const forward::Delivery& delivery) const override { return "\"output\":" + delivery.output; }
  std::vector<std::string> Secrets() const override { return {kUpstreamToken, kSecret, "path-secret"}; }
  bool LooksAtSuccessBody() const override { return false; }

 private:
  ManualClock clock_{kNow};
};

}  // namespace

SubjectKind WebhookSubject() {
  return {"Webhook", [] { return std::make_unique<Webhook>(); }};
}

}  // namespace tokenbroker::targets
