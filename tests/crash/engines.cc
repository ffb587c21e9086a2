#include "tests/crash/engines.h"

#include <chrono>
#include <cstdlib>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "nlohmann/json.hpp"
#include "tests/testing/broker_client.h"

namespace tokenbroker::testing {
namespace {

using outbound::SeenRequest;
using outbound::Step;

// The number behind "/start-" in "POST /start-17/ HTTP/1.1".
size_t StartOf(const SeenRequest& request) {
  const std::string mark = " /start-";
  const size_t at = request.head.find(mark);
  return at == std::string::npos ? 0 : std::strtoull(request.head.c_str() + at + mark.size(), nullptr, 10);
}

v1::Outcome OutcomeWith(const std::string& output, const std::string& error, const std::string& cause) {
  v1::Outcome outcome;
  outcome.set_output(output);
  outcome.set_error(error);
  outcome.set_cause(cause);
  return outcome;
}

End ExpiredBy(const std::string& error) { return {v1::TASK_STATE_EXPIRED, kUnknownChoice, error, 0}; }

End EndOfCall(uint64_t serial, const targets::SendTask& call) {
  const v1::Outcome outcome = OutcomeWith(call.output, call.error, call.cause);
  if (call.operation == "SendTaskSuccess") return EndOf(serial, v1::TASK_STATE_SUCCEEDED, outcome, true);
  absl::string_view error = call.error;
  if (absl::ConsumePrefix(&error, "States.")) return ExpiredBy(std::string(error));
  return EndOf(serial, v1::TASK_STATE_FAILED, outcome, true);
}

// "tokenbroker.v1.task.succeeded" and so on, and what was sent with it.
End EndOfEvent(uint64_t serial, const std::string& type, const nlohmann::ordered_json& data) {
  const std::string kind = type.substr(type.rfind('.') + 1);
  if (kind == "timed_out") return ExpiredBy("Timeout");
  if (kind == "heartbeat_timed_out") return ExpiredBy("HeartbeatTimeout");
  const v1::Outcome outcome = OutcomeWith(data.contains("output") ? data["output"].dump() : "", data.value("error", ""),
                                          data.value("cause", ""));
  return EndOf(serial, kind == "succeeded" ? v1::TASK_STATE_SUCCEEDED : v1::TASK_STATE_FAILED, outcome, true);
}

std::optional<uint64_t> SerialIn(absl::string_view token) {
  uint64_t serial = 0;
  if (!absl::ConsumePrefix(&token, kEngineTokenPrefix) || !absl::SimpleAtoi(token, &serial)) return std::nullopt;
  return serial;
}

}  // namespace

Engines::Engines(Expectations& expectations, Violations& violations, uint64_t seed)
    : expectations_(expectations),
      violations_(violations),
      random_(seed),
      step_functions_([this] {
        const Step step = Begin();
        return step.close ? step : Step::Decide([this](const SeenRequest& request) { return OnSendTask(request); });
      }),
      webhook_([this] {
        const Step step = Begin();
        return step.close ? step : Step::Decide([this](const SeenRequest& request) { return OnWebhook(request); });
      }) {}

std::string Engines::Config(size_t start) const {
  return absl::StrCat("targets:\n  ", TargetName(Target::kEngine), ":\n    kind: step_functions\n",
                      "    region: eu-west-1\n    endpoint: ", step_functions_.url(), "/start-", start, "\n  ",
                      TargetName(Target::kHook), ":\n    kind: webhook\n    url: ", webhook_.url(), "/start-", start,
                      "\n    allow_http: true\n    allowed_addresses: [127.0.0.0/8]\n");
}

std::map<std::string, std::string> Engines::Environment() {
  return {{"AWS_ACCESS_KEY_ID", "AKIDCRASH"}, {"AWS_SECRET_ACCESS_KEY", "crash-secret"}};
}

std::string Engines::Summary() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return absl::StrCat(taken_, " outcomes delivered, by ", arrivals_ + cut_, " sends (", cut_, " cut on the way); ",
                      again_after_loss_, " came again after a lost reply, ", again_after_crash_, " after a crash; ",
                      beats_, " heartbeats");
}

uint64_t Engines::taken() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return taken_;
}

uint64_t Engines::Below(uint64_t bound) {
  std::lock_guard<std::mutex> lock(mutex_);
  return random_() % bound;
}

// --- The line ---

Step Engines::Begin() {
  const uint64_t dice = calm_ ? 100 : Below(100);
  if (dice >= 6) return {};
  std::lock_guard<std::mutex> lock(mutex_);
  ++cut_;
  return Step::Cut(dice < 4 ? Step::When::kBeforeRequest : Step::When::kDuringRequest);
}

Engines::Fate Engines::RandomFate() {
  const uint64_t dice = calm_ ? 100 : Below(100);
  if (dice < 8) return Fate::kLost;
  if (dice < 10) return Fate::kFaltered;
  if (dice < 12) return Fate::kFalteredUntaken;
  if (dice < 13) return Fate::kGarbled;
  if (dice < 14) return Fate::kThrottled;
  return Fate::kAnswered;
}

Step Engines::Answer(Fate fate, Step answer) const {
  switch (fate) {
    case Fate::kAnswered:
      return answer;
    case Fate::kLost:
      return Step::Cut(Step::When::kAfterRequest);
    case Fate::kFaltered:
    case Fate::kFalteredUntaken:
      return Step::Answer(500, "");
    case Fate::kGarbled:
      return Step::Raw("HTTP/1.1 200 OK\r\nContent-Length: 4711\r\n\r\n{");
    case Fate::kThrottled:
      return Step::Answer(429, "");
  }
  return answer;
}

// --- Arrivals ---

Step Engines::OnSendTask(const SeenRequest& request) {
  const std::optional<targets::SendTask> call = targets::ReadSendTask(request);
  const std::optional<uint64_t> serial = call.has_value() ? SerialIn(call->token) : std::nullopt;
  if (!serial.has_value()) {
    violations_.Add("Step Functions was called with " + request.head + request.body.substr(0, 500));
    return targets::Refused("ValidationException");
  }
  if (call->is_beat()) return OnBeat(*call);
  const Fate fate = RandomFate();
  const bool over = Take({*serial, StartOf(request), "", "", EndOfCall(*serial, *call)}, fate);
  if (!calm_ && Below(20) == 0) std::this_thread::sleep_for(std::chrono::milliseconds(Below(300)));
  return Answer(fate, over ? targets::Refused("TaskTimedOut") : targets::Taken());
}

// Step Functions waits until it has the outcome.
Step Engines::OnBeat(const targets::SendTask& call) {
  std::lock_guard<std::mutex> lock(mutex_);
  ++beats_;
  const auto found = outcomes_.find(*SerialIn(call.token));
  return found != outcomes_.end() && found->second.taken ? targets::Refused("TaskTimedOut") : targets::Taken();
}

Step Engines::OnWebhook(const SeenRequest& request) {
  const auto event = nlohmann::ordered_json::parse(request.body, nullptr, /*allow_exceptions=*/false);
  uint64_t serial = 0;
  const bool known = event.is_object() && event.contains("data") && event["data"].contains("labels") &&
                     absl::SimpleAtoi(event["data"]["labels"].value("serial", ""), &serial);
  if (!known || event.value("id", "") != request.Field("webhook-id")) {
    violations_.Add("the webhook was called with " + request.head + request.body.substr(0, 500));
    return Step::Answer(400, "");
  }
  const Fate fate = RandomFate();
  const bool over = Take({serial, StartOf(request), event.value("subject", ""), event.value("id", ""),
                          EndOfEvent(serial, event.value("type", ""), event["data"])},
                         fate);
  if (!calm_ && Below(20) == 0) std::this_thread::sleep_for(std::chrono::milliseconds(Below(300)));
  // Receivers may say so, or take it in silence.
  return Answer(fate, Step::Answer(over && Below(2) == 0 ? 409 : 204, ""));
}

bool Engines::Take(const Arrival& arrival, Fate fate) {
  const bool takes = fate != Fate::kFalteredUntaken && fate != Fate::kThrottled;
  expectations_.Arrived(arrival.serial, arrival.task_id, arrival.end, arrival.start, takes);
  std::lock_guard<std::mutex> lock(mutex_);
  ++arrivals_;
  auto [found, first] = outcomes_.try_emplace(arrival.serial);
  Outcome& outcome = found->second;
  if (first) {
    outcome.end = arrival.end;
    outcome.delivery_id = arrival.delivery_id;
  } else {
    CheckRepeated(arrival, outcome);
  }
  const bool over = outcome.taken;
  if (takes && !over) ++taken_;
  outcome.taken |= takes;
  // What a process sent before it was killed may be read after its successor's.
  if (arrival.start < outcome.start) return over;
  outcome.told = fate == Fate::kAnswered;
  outcome.start = arrival.start;
  return over;
}

void Engines::CheckRepeated(const Arrival& arrival, const Outcome& before) {
  if (!Agree(before.end, arrival.end) || arrival.end.choice != before.end.choice) {
    Complain(arrival.serial,
             absl::StrCat("arrived as ", before.end.Describe(), ", and again as ", arrival.end.Describe()));
  }
  if (arrival.delivery_id != before.delivery_id) Complain(arrival.serial, "has two delivery ids");
  if (before.told && before.start == arrival.start) {
    Complain(arrival.serial, "was sent again by a process that had been told that it had arrived");
  }
  if (!before.taken) return;
  ++(before.start == arrival.start ? again_after_loss_ : again_after_crash_);
}

void Engines::Complain(uint64_t serial, const std::string& text) {
  violations_.Add(absl::StrCat("the outcome of serial ", serial, " ", text));
}

}  // namespace tokenbroker::testing
