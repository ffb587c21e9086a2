#include "server/web/event_route.h"

#include <google/protobuf/arena.h>

#include <memory>
#include <string>
#include <utility>

#include "base/system_clock.h"
#include "server/calls/task_calls.h"
#include "server/rest/error_body.h"
#include "server/web/caller.h"
#include "server/web/content_type.h"
#include "server/web/rest_answer.h"

namespace tokenbroker::web {
namespace {

using calls::pb::IssueTaskRequest;
using calls::pb::IssueTaskResponse;

// One event on its way. Keeps itself until it has answered.
class EventCall final : private calls::Reply {
 public:
  static void Serve(const Shared& shared, const intake::EventRules& rules, http::ExchangePtr exchange) {
    auto* const call = new EventCall(shared, std::move(exchange));  // deleted in End
    call->Begin(rules);
  }

 private:
  EventCall(const Shared& shared, http::ExchangePtr exchange) : shared_(shared), exchange_(std::move(exchange)) {}

  void Begin(const intake::EventRules& rules) {
    const http::Request& request = exchange_->request();
    const Admission admission = Admit(*exchange_, shared_);
    if (admission.refusal) return OnRefused({admission.refusal});
    if (const broker::Refusal refusal = CheckContentType(request, kJson)) return OnRefused({refusal});
    intake::EventRules::Match match = rules.Read(request.Variable("namespace"), request.body);
    rule_ = match.rule;
    if (match.refusal) return OnRefused({match.refusal});
    issues_ = true;
    call_ = std::make_unique<calls::IssueTaskCall>(
        calls::Call::Parts{shared_.door, *admission.caller, exchange_->home(), *this, arena_});
    static_cast<IssueTaskRequest&>(call_->request_message()) = std::move(match.request);
    static_cast<calls::Call&>(*call_).Begin();
  }

  void OnAnswered() override {
    auto answer = static_cast<const IssueTaskResponse&>(call_->response_message());
    (answer.replayed() ? rule_->metrics->replayed : rule_->metrics->registered).Increment();
    answer.clear_token();
    End(0, JsonAnswer(answer));
  }

  void OnRefused(const calls::Refused& refused) override {
    if (refused.refusal.reason == broker::Reason::kRequestIdReused) return OnRefused({TokenUsed()});
    const google::rpc::Status status = calls::ToStatus(refused);
    if (issues_) Count(refused.refusal.retry_after > 0);
    End(status.code(), JsonRefusal(status));
  }
  void OnAbandoned() override { End(0, {.status = 499}); }

  // The request id is made of the token, and the sender knows of none.
  static const broker::Refusal& TokenUsed() {
    static const broker::Refusal refusal{broker::Reason::kUpstreamTokenInUse,
                                         "a task was made of this token before, with other content"};
    return refusal;
  }

  // Whoever sent the event has it still: it comes again, or not.
  void Count(bool later) { (later ? rule_->metrics->returned : rule_->metrics->bad).Increment(); }

  void End(int code, http::Response response) {
    const std::unique_ptr<EventCall> self(this);
    shared_.door.metrics.rpc("TaskService/IssueTask")
        .OnDone(code, static_cast<double>(ElapsedMicros() - began_) * 1e-6);
    std::exchange(exchange_, nullptr)->Answer(std::move(response));
  }

  const Shared& shared_;
  const int64_t began_ = ElapsedMicros();
  const intake::EventRules::Rule* rule_ = nullptr;
  // The rules have taken it, and counted it as received.
  bool issues_ = false;
  http::ExchangePtr exchange_;
  google::protobuf::Arena arena_;
  std::unique_ptr<calls::IssueTaskCall> call_;
};

}  // namespace

absl::Status AddEventRoute(const Shared& shared, const intake::EventRules& rules, http::Router& router) {
  return router.Add({.method = http::Method::kPost,
                     .path = "/v1/namespaces/{namespace}/events",
                     .handle = [&shared, &rules](http::ExchangePtr exchange) {
                       EventCall::Serve(shared, rules, std::move(exchange));
                     }});
}

}  // namespace tokenbroker::web
