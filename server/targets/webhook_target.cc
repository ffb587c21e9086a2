#include "server/targets/webhook_target.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "server/outbound/address_guard.h"
#include "server/outbound/url.h"
#include "server/targets/cloud_event.h"
#include "server/targets/webhook_answer.h"

namespace tokenbroker::targets {
namespace {

absl::Status CheckUrl(const WebhookOptions& options) {
  TB_ASSIGN_OR_RETURN(const outbound::Url url, outbound::ParseUrl(options.url));
  if (url.tls || options.allow_http) return absl::OkStatus();
  return absl::InvalidArgumentError("the URL must begin with https:// unless allow_http is true");
}

}  // namespace

absl::StatusOr<std::unique_ptr<WebhookTarget>> WebhookTarget::Make(WebhookOptions options, outbound::HttpClient& http,
                                                                   const Clock& clock) {
  std::vector<std::string> wrong;
  const auto check = [&](const char* setting, const absl::Status& status) {
    if (!status.ok()) wrong.push_back(absl::StrCat(setting, ": ", status.message()));
  };
  check("url", CheckUrl(options));
  absl::StatusOr<WebhookSigner> signer = WebhookSigner::Make(options.secrets);
  check("secret_files", signer.status());
  absl::StatusOr<outbound::AddressGuard> guard = outbound::AddressGuard::Make(options.allowed_addresses);
  check("allowed_addresses", guard.status());
  if (!wrong.empty()) return absl::InvalidArgumentError(absl::StrJoin(wrong, "\n"));
  return std::unique_ptr<WebhookTarget>(
      new WebhookTarget(std::move(options), *std::move(signer), *std::move(guard), http, clock));
}

WebhookTarget::WebhookTarget(WebhookOptions options, WebhookSigner signer, outbound::AddressGuard guard,
                             outbound::HttpClient& http, const Clock& clock)
    : options_(std::move(options)),
      signer_(std::move(signer)),
      guard_(std::make_shared<const outbound::AddressGuard>(std::move(guard))),
      http_(http),
      clock_(clock) {}

WebhookTarget::~WebhookTarget() { gate_->Close(); }

void WebhookTarget::Deliver(forward::Delivery delivery, Done done) {
  outbound::HttpRequest request{.url = options_.url,
                                .body = CloudEventOf(delivery, options_.source),
                                .timeout = options_.timeout,
                                .body_matters = false,
                                .guard = guard_};
  request.headers.emplace_back("Content-Type", kCloudEventType);
  signer_.AddHeaders(delivery.id, clock_.Now(), request.body, request.headers);
  const bool may_have_arrived = delivery.may_have_arrived;
  http_.Send(std::move(request),
             [this, gate = gate_, may_have_arrived, done = std::move(done)](const outbound::HttpResult& result) {
               if (const outbound::Gate::Pass pass(*gate); pass) {
                 done(WebhookAnswerOf(result, may_have_arrived, clock_.Now()));
               }
             });
}

}  // namespace tokenbroker::targets
