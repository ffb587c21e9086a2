#include "server/aws/task_operations.h"

#include <optional>

#include "base/contract_limits.h"
#include "server/aws/constraints.h"
#include "server/aws/verdicts.h"
#include "server/broker/token_codec.h"
#include "server/calls/call_arena.h"
#include "server/calls/judged.h"
#include "server/calls/resolver_calls.h"

namespace tokenbroker::aws {
namespace {

namespace pb = calls::pb;

using Text = std::optional<std::string>;

// --- From the input to the contract's request ---

void CheckToken(const Text& token, Constraints& constraints) {
  constraints.NotNull("taskToken", token);
  constraints.MinLength("taskToken", token, 1);
  constraints.MaxLength("taskToken", token, kMaxToken);
}

Error Fill(const Input& input, const calls::InputLimits& limits, pb::SucceedRequest& request) {
  Text token, output;
  if (Error error = input.Text("taskToken", token)) return error;
  if (Error error = input.Text("output", output)) return error;
  Constraints constraints;
  constraints.NotNull("output", output);
  constraints.MaxLength("output", output, limits.max_output);
  CheckToken(token, constraints);
  if (Error error = constraints.error()) return error;
  request.mutable_task()->set_token(std::move(*token));
  request.set_output(std::move(*output));
  return {};
}

Error Fill(const Input& input, const calls::InputLimits&, pb::FailRequest& request) {
  Text token, error_code, cause;
  if (Error error = input.Text("taskToken", token)) return error;
  if (Error error = input.Text("error", error_code)) return error;
  if (Error error = input.Text("cause", cause)) return error;
  Constraints constraints;
  constraints.MaxLength("error", error_code, kMaxError);
  constraints.MaxLength("cause", cause, kMaxCause);
  CheckToken(token, constraints);
  if (Error error = constraints.error()) return error;
  request.mutable_task()->set_token(std::move(*token));
  if (error_code) request.set_error(std::move(*error_code));
  if (cause) request.set_cause(std::move(*cause));
  return {};
}

Error Fill(const Input& input, const calls::InputLimits&, pb::HeartbeatRequest& request) {
  Text token;
  if (Error error = input.Text("taskToken", token)) return error;
  Constraints constraints;
  CheckToken(token, constraints);
  if (Error error = constraints.error()) return error;
  request.mutable_task()->set_token(std::move(*token));
  return {};
}

// --- What AWS has no place for ---

void Tell(pb::Verdict verdict, Exchange& exchange) {
  exchange.AddHeader("x-tokenbroker-verdict", verdict == pb::VERDICT_REPLAYED ? "REPLAYED" : "ACCEPTED");
}
void Tell(const pb::SucceedResponse& response, Exchange& exchange) { Tell(response.verdict(), exchange); }
void Tell(const pb::FailResponse& response, Exchange& exchange) { Tell(response.verdict(), exchange); }
void Tell(const pb::HeartbeatResponse& response, Exchange& exchange) {
  if (response.cancel_requested()) exchange.AddHeader("x-tokenbroker-cancel-requested", "true");
}

// --- The call under way ---

// Owns itself from Begin until it has answered.
template <typename C>
class TaskCall final : private calls::Reply {
 public:
  // `relay` may be nullptr; it must outlive the call.
  static void Begin(const calls::Door& door, std::string_view name, const Relay& relay, ExchangePtr exchange) {
    auto call = std::make_unique<TaskCall>(door, relay, std::move(exchange));
    auto& request = static_cast<typename C::Request&>(call->base().request_message());
    if (Error error = Fill(call->exchange_->input(), door.limits, request)) return call->Reject(name, error);
    if (call->MayBeRelayed()) call->body_ = call->exchange_->body();
    call.release()->base().Begin();
  }

  TaskCall(const calls::Door& door, const Relay& relay, ExchangePtr exchange)
      : door_(door),
        relay_(relay),
        exchange_(std::move(exchange)),
        call_({door, exchange_->principal(), exchange_->home(), *this, arena_.get()}) {}

 private:
  calls::Call& base() { return call_; }

  // The input is wrong by AWS's own rules.
  void Reject(std::string_view name, const Error& error) {
    calls::Rejected(door_, exchange_->principal(), name);
    exchange_->AddHeader("x-tokenbroker-reason", broker::InfoOf(broker::Reason::kInvalidField).name);
    exchange_->Refuse(error);
  }

  const std::string& token() {
    return static_cast<const typename C::Request&>(base().request_message()).task().token();
  }
  broker::TaskAddress::Kind TokenKind() { return door_.broker.AddressOfToken(token()).kind; }
  // What looks like our own is nobody else's, be it mistyped or made with a key that is gone.
  bool MayBeRelayed() { return relay_ != nullptr && !broker::TokenCodec::LooksLikeOurs(token()); }

  void PassOn() {
    // The relay's functions are copied; exchanges are not.
    const std::shared_ptr<Exchange> exchange = std::move(exchange_);
    relay_(exchange->operation(), std::move(body_), [exchange](Relayed relayed) {
      relayed.headers.emplace_back("x-tokenbroker-relayed", "true");
      exchange->AnswerAs(std::move(relayed));
    });
  }

  void OnAnswered() override {
    const std::unique_ptr<TaskCall> self(this);
    Tell(static_cast<const typename C::Response&>(base().response_message()), *exchange_);
    exchange_->Answer();
  }

  void OnRefused(const calls::Refused& refused) override {
    const std::unique_ptr<TaskCall> self(this);
    if (refused.refusal.reason == broker::Reason::kTaskUnknown && MayBeRelayed()) return PassOn();
    exchange_->AddHeader("x-tokenbroker-reason", broker::InfoOf(refused.refusal.reason).name);
    exchange_->Refuse(ToError(refused.refusal, {exchange_->operation(), exchange_->principal().id, TokenKind()}));
  }

  void OnAbandoned() override { delete this; }

  const calls::Door& door_;
  const Relay& relay_;
  ExchangePtr exchange_;
  // What may have to be passed on; else empty.
  std::string body_;
  calls::CallArena arena_;
  C call_;
};

template <typename C>
Handler HandlerOf(const calls::Door& door, std::string_view name, const Relay& relay) {
  // The table lives as long as the door: so does its relay.
  return [&door, name, relay](ExchangePtr exchange) { TaskCall<C>::Begin(door, name, relay, std::move(exchange)); };
}

}  // namespace

void AddTaskOperations(const calls::Door& door, OperationTable& operations, Relay relay) {
  operations.Add("SendTaskSuccess", HandlerOf<calls::SucceedCall>(door, "succeed", relay));
  operations.Add("SendTaskFailure", HandlerOf<calls::FailCall>(door, "fail", relay));
  operations.Add("SendTaskHeartbeat", HandlerOf<calls::HeartbeatCall>(door, "heartbeat", relay));
}

}  // namespace tokenbroker::aws
