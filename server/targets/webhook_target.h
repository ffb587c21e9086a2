// Outcomes to a URL: one POST of a CloudEvents event for each (cloud_event.h), signed (webhook_signature.h), to public
// addresses alone unless others are allowed (outbound/address_guard.h).
//
// Receivers see an event again when an answer was lost: its id, and webhook-id, are the same each time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/forward/outcome_target.h"
#include "server/outbound/gate.h"
#include "server/outbound/http_client.h"
#include "server/targets/webhook_signature.h"

namespace tokenbroker::targets {

struct WebhookOptions {
  // https, or http if allow_http.
  std::string url;
  // "whsec_...": see WebhookSigner::Make.
  std::vector<std::string> secrets;
  // What the events' sources begin with.
  std::string source = "tokenbroker";
  // Addresses or ranges that the URL's name may stand for although they are not public.
  std::vector<std::string> allowed_addresses;
  bool allow_http = false;
  DurationMs timeout = 15'000;
  int max_under_way = 32;
};

// Thread-safe.
class WebhookTarget : public forward::OutcomeTarget {
 public:
  // INVALID_ARGUMENT, without any secret, lists what of the options is wrong, each in a line "url: the rule" by its
  // name in the configuration. `http` and `clock` must outlive the target.
  static absl::StatusOr<std::unique_ptr<WebhookTarget>> Make(WebhookOptions options, outbound::HttpClient& http,
                                                             const Clock& clock);
  // Not from within a `done`.
  ~WebhookTarget() override;

  void Deliver(forward::Delivery delivery, Done done) override;
  int max_under_way() const override { return options_.max_under_way; }

 private:
  WebhookTarget(WebhookOptions options, WebhookSigner signer, outbound::AddressGuard guard, outbound::HttpClient& http,
                const Clock& clock);

  const WebhookOptions options_;
  const WebhookSigner signer_;
  // Shared with requests that are out.
  const std::shared_ptr<const outbound::AddressGuard> guard_;
  outbound::HttpClient& http_;
  const Clock& clock_;
  // Shared with answers that are out.
  const std::shared_ptr<outbound::Gate> gate_ = std::make_shared<outbound::Gate>();
};

}  // namespace tokenbroker::targets
