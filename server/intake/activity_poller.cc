#include "server/intake/activity_poller.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/telemetry/log.h"

namespace tokenbroker::intake {
namespace {

using Json = nlohmann::json;

constexpr char kNotRegistered[] = "TokenBroker.NotRegistered";
constexpr int kFailAttempts = 5;

std::string Written(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// Whether the same may be taken later.
bool MayPass(const outbound::aws::JsonAnswer& answer) {
  return !answer.http.answered() || answer.http.response.status >= 500 || absl::StrContains(answer.code, "Throttl");
}

}  // namespace

std::optional<ActivityTask> ReadActivityTask(std::string_view body) {
  const Json answer = Json::parse(body, nullptr, false);
  if (!answer.is_object()) return std::nullopt;
  const auto text = [&](const char* name) {
    const auto found = answer.find(name);
    return found != answer.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  return ActivityTask{text("taskToken"), text("input")};
}

void ActivityPoller::PollAfter(DurationMs wait) {
  parts_.surroundings.timers.After(wait, [this] { Poll(); });
}

void ActivityPoller::Poll() {
  if (stopping_) return;
  if (const DurationMs wait = pace_.HoldBack(); wait > 0) return PollAfter(wait);
  pace_.Asked();
  const Json request = {{"activityArn", parts_.config.arn}, {"workerName", "tokenbroker-" + parts_.config.name}};
  parts_.step_functions.Call("GetActivityTask", Written(request),
                             [this](const outbound::aws::JsonAnswer& answer) { OnAnswer(answer); });
}

void ActivityPoller::OnAnswer(const outbound::aws::JsonAnswer& answer) {
  if (closed_) return;
  std::optional<ActivityTask> task;
  if (answer.ok()) task = ReadActivityTask(answer.http.response.body);
  if (!task.has_value()) return PollAfter(pace_.AfterFailure());
  if (task->token.empty()) return PollAfter(pace_.AfterNothing());
  parts_.metrics.received.Increment();
  Take(task->token, task->input);
}

void ActivityPoller::Take(const std::string& token, const std::string& input) {
  parts_.surroundings.hands.Begin();
  Registrar::Tasks tasks(1);
  if (broker::Refusal refusal = parts_.mapping.Fill(input, token, tasks.front())) {
    parts_.metrics.bad.Increment();
    return Fail(token, absl::StrCat("INVALID_FIELD: ", refusal.message));
  }
  parts_.registrar.Register(
      std::move(tasks), [](const std::vector<size_t>&, DurationMs) {},
      [this, token](const std::vector<Registration>& registrations) { OnRegistered(token, registrations.front()); });
}

void ActivityPoller::OnRegistered(const std::string& token, const Registration& registration) {
  if (registration.stored()) return Finish();
  if (registration.result == Registration::Result::kBad) return Fail(token, registration.why);
  Log(Level::kError, "intake_activity_task_dropped",
      {{"intake", parts_.config.name}, {"token_fingerprint", Fingerprint(token)}, {"msg", registration.why}});
  Finish();
}

void ActivityPoller::Fail(const std::string& token, const std::string& why, int attempt) {
  if (attempt == 1) {
    Log(Level::kWarning, "intake_activity_task_bad",
        {{"intake", parts_.config.name}, {"token_fingerprint", Fingerprint(token)}, {"msg", why}});
  }
  const Json request = {{"taskToken", token}, {"error", kNotRegistered}, {"cause", why}};
  parts_.step_functions.Call(
      "SendTaskFailure", Written(request), [this, token, why, attempt](const outbound::aws::JsonAnswer& answer) {
        if (closed_) return;
        if (answer.ok() || !MayPass(answer) || attempt == kFailAttempts) return Finish();
        parts_.surroundings.timers.After(parts_.surroundings.WaitAfter(attempt),
                                         [this, token, why, attempt] { Fail(token, why, attempt + 1); });
      });
}

void ActivityPoller::Finish() {
  parts_.surroundings.hands.End();
  PollAfter(pace_.AfterWork());
}

}  // namespace tokenbroker::intake
