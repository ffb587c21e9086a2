#include "server/targets/step_functions_target.h"
#include "tests/targets/conformance.h"
#include "tests/targets/fixtures.h"

namespace tokenbroker::targets {
namespace {

class StepFunctions : public Subject {
 public:
  std::unique_ptr<forward::OutcomeTarget> Make(const std::string& url, outbound::CurlClient& http,
                                               DurationMs timeout) override {
    quotas_ = std::make_unique<QuotaBook>(clock_, http);
    return std::make_unique<StepFunctionsTarget>(
        std::make_unique<StepFunctionsApi>(
            StepFunctionsPlace{.region = "eu-west-1", .endpoint = url, .account = "1", .timeout = timeout}, http,
            FixedCredentials(clock_), *quotas_, clock_),
        clock_);
  }
  std::string AcceptedBody() const override { return "{}"; }
  int GoneStatus() const override { return 400; }
  std::string GoneBody() const override {
    return R"({"__type":"com.amazonaws.swf.service.v2.model#TaskTimedOut","message":")" + kUpstreamToken + "\"}";
  }
  std::string PayloadOf(const forward::Delivery& delivery) const override {
    // As JSON text within JSON text; the tests' output has quotes alone to escape.
    std::string escaped;
    for (const char c : delivery.output) {
      if (c == '"') escaped += '\\';
      escaped += c;
    }
    return escaped;
  }
  std::vector<std::string> Secrets() const override { return {kUpstreamToken, "very-secret-key", "session-secret"}; }
  bool LooksAtSuccessBody() const override { return true; }

 private:
  ManualClock clock_{kNow};
  std::unique_ptr<QuotaBook> quotas_;
};

}  // namespace

SubjectKind StepFunctionsSubject() {
  return {"StepFunctions", [] { return std::make_unique<StepFunctions>(); }};
}

}  // namespace tokenbroker::targets
