#include "server/web/rest_call.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "base/element_limits.h"
#include "base/system_clock.h"
#include "server/calls/validate.h"
#include "server/rest/bind.h"
#include "server/rest/error_body.h"
#include "server/web/caller.h"
#include "server/web/content_type.h"
#include "server/web/rest_answer.h"

namespace tokenbroker::web {
namespace {

static_assert(calls::kMaxBatch <= kMaxElements, "what is a good batch for a call can be read");

constexpr int kCancelled = 1;  // a google.rpc.Code

// A field that has another name in JSON than that of the contract in camel case, as AwaitTask's limit, which is "wait"
// there: the caller knows that one alone.
void NameAsInJson(const google::protobuf::Descriptor& request, broker::Refusal& refusal) {
  const auto* const field = request.FindFieldByName(refusal.field);
  if (field == nullptr || absl::EqualsIgnoreCase(absl::StrReplaceAll(field->name(), {{"_", ""}}), field->json_name())) {
    return;
  }
  if (absl::StartsWith(refusal.message, refusal.field)) {
    refusal.message.replace(0, refusal.field.size(), field->json_name());
  }
  refusal.field = field->json_name();
}

}  // namespace

void RestCall::Serve(const Shared& shared, const RestMethod& method, const rest::Found& found,
                     http::ExchangePtr exchange) {
  const auto call = std::make_shared<RestCall>(shared, method, std::move(exchange));
  call->self_ = call;
  if (method.may_wait) call->exchange_->Listen(call);
  call->Begin(found);
}

RestCall::RestCall(const Shared& shared, const RestMethod& method, http::ExchangePtr exchange)
    : shared_(shared), method_(method), began_(ElapsedMicros()), exchange_(std::move(exchange)) {}

void RestCall::Begin(const rest::Found& found) {
  const Admission admission = Admit(*exchange_, shared_);
  if (admission.refusal) return OnRefused({admission.refusal});
  call_ = method_.make({shared_.door, *admission.caller, exchange_->home(), *this, arena_.get()});
  if (const broker::Refusal refusal = Read(found)) return OnRefused({refusal});
  call_->Begin();
}

broker::Refusal RestCall::Read(const rest::Found& found) {
  const http::Request& request = exchange_->request();
  if (!request.body.empty()) {
    if (broker::Refusal refusal = CheckContentType(request, kJson)) return refusal;
  }
  absl::Status status = rest::Bind(found, request.query, request.body, call_->request_message());
  const std::optional<std::string_view> key = request.Find("Idempotency-Key");
  if (status.ok() && key.has_value()) status = rest::BindIdempotencyKey(*key, call_->request_message());
  return status.ok() ? broker::Refusal() : BadRequest(status);
}

void RestCall::OnAnswered() { End(0, JsonAnswer(call_->response_message())); }

void RestCall::OnRefused(const calls::Refused& refused) {
  broker::Refusal told = refused.refusal;
  if (call_ != nullptr) NameAsInJson(*call_->request_message().GetDescriptor(), told);
  const google::rpc::Status status = calls::ToStatus({told, refused.task, refused.recorded});
  End(status.code(), JsonRefusal(status));
}

void RestCall::OnAbandoned() { End(kCancelled, {.status = 499}); }

void RestCall::End(int code, http::Response response) {
  const std::shared_ptr<RestCall> self = std::move(self_);
  method_.metrics->OnDone(code, static_cast<double>(ElapsedMicros() - began_) * 1e-6);
  std::exchange(exchange_, nullptr)->Answer(std::move(response));
}

void RestCall::OnGone() {
  if (call_ != nullptr) call_->Cancel();
}

}  // namespace tokenbroker::web
