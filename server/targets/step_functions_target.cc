#include "server/targets/step_functions_target.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "json/json_writer.h"
#include "json/time_text.h"
#include "server/targets/step_functions_answer.h"
#include "server/targets/step_functions_limits.h"

namespace tokenbroker::targets {
namespace {

using forward::Answer;
using forward::Delivery;

constexpr std::string_view kHeartbeat = "SendTaskHeartbeat";

// {"taskToken":"...", and what is set of the others.
class Body {
 public:
  explicit Body(std::string_view token) { Add("taskToken", token); }
  Body& Add(std::string_view name, std::string_view value) {
    text_ += text_.empty() ? "{\"" : ",\"";
    text_.append(name).append("\":");
    json::WriteString(value, text_);
    return *this;
  }
  Body& AddUnlessEmpty(std::string_view name, std::string_view value) {
    return value.empty() ? *this : Add(name, value);
  }
  std::string Take() { return std::move(text_) + "}"; }

 private:
  std::string text_;
};

std::string ExpiryCause(const Delivery& delivery) {
  std::string cause =
      delivery.kind == Delivery::Kind::kHeartbeatTimeout ? "No heartbeat came in time" : "No outcome came in time";
  absl::StrAppend(&cause, ": the task token broker's task ", delivery.task_id, " expired at ");
  json::AppendTimestamp({delivery.ended_at / 1000, static_cast<int32_t>(delivery.ended_at % 1000) * 1'000'000}, cause);
  return cause + ".";
}

}  // namespace

struct StepFunctionsTarget::Call {
  std::string_view operation;
  std::string body;
  // Never shown in an answer.
  std::string upstream_token;
  bool may_have_arrived = false;
};

StepFunctionsTarget::StepFunctionsTarget(std::unique_ptr<StepFunctionsApi> api, const Clock& clock, int max_under_way,
                                         ExpiryErrors errors)
    : api_(std::move(api)), clock_(clock), max_under_way_(max_under_way), errors_(std::move(errors)) {}

StepFunctionsTarget::~StepFunctionsTarget() { gate_->Close(); }

void StepFunctionsTarget::Deliver(Delivery delivery, Done done) {
  const std::string wrong = BeyondLimits(delivery);
  if (!wrong.empty()) return done({.kind = Answer::Kind::kRejected, .code = "beyond limits", .message = wrong});
  Body body(delivery.upstream_token);
  Call call{.operation = "SendTaskFailure", .may_have_arrived = delivery.may_have_arrived};
  switch (delivery.kind) {
    case Delivery::Kind::kSucceeded:
      call.operation = "SendTaskSuccess";
      body.Add("output", delivery.output);
      break;
    case Delivery::Kind::kFailed:
      body.AddUnlessEmpty("error", delivery.error).AddUnlessEmpty("cause", delivery.cause);
      break;
    case Delivery::Kind::kHeartbeatTimeout:
      body.Add("error", errors_.heartbeat_timeout).Add("cause", ExpiryCause(delivery));
      break;
    case Delivery::Kind::kTimeout:
      body.Add("error", errors_.timeout).Add("cause", ExpiryCause(delivery));
      break;
  }
  call.body = body.Take();
  call.upstream_token = std::move(delivery.upstream_token);
  Send(std::move(call), std::move(done));
}

void StepFunctionsTarget::Beat(const std::string& upstream_token, Done done) {
  Send({.operation = kHeartbeat, .body = Body(upstream_token).Take(), .upstream_token = upstream_token},
       std::move(done));
}

int64_t StepFunctionsTarget::beats_available() const { return api_->available(kHeartbeat); }

void StepFunctionsTarget::Send(Call call, Done done) {
  const std::string_view operation = call.operation;
  std::string body = std::move(call.body);
  api_->Call(operation, std::move(body),
             [this, gate = gate_, call = std::move(call), done = std::move(done)](const StepFunctionsAnswer& answer) {
               const outbound::Gate::Pass pass(*gate);
               if (!pass) return;
               if (answer.held_back > 0) {
                 return done({.kind = Answer::Kind::kThrottled,
                              .code = "held back",
                              .message = absl::StrCat("the quota of ", std::string(call.operation), " is used up"),
                              .retry_after = answer.held_back});
               }
               done(AnswerOf(answer.json,
                             {.is_beat = call.operation == kHeartbeat,
                              .may_have_arrived = call.may_have_arrived,
                              .upstream_token = call.upstream_token},
                             clock_.Now()));
             });
}

}  // namespace tokenbroker::targets
