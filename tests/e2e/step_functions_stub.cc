#include "tests/e2e/step_functions_stub.h"

#include <chrono>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace tokenbroker::testing {

using outbound::SeenRequest;
using outbound::Step;
using targets::SendTask;

StepFunctionsStub::StepFunctionsStub(const std::string& certificate_pem, const std::string& key_pem)
    : server_([this] { return Begin(); }, certificate_pem, key_pem) {}

void StepFunctionsStub::Meet(Trouble trouble) {
  const std::lock_guard<std::mutex> lock(mutex_);
  next_.push_back(std::move(trouble));
}

void StepFunctionsStub::Decide(Fate fate) {
  const std::lock_guard<std::mutex> lock(mutex_);
  fate_ = std::move(fate);
}

void StepFunctionsStub::TrustOnly(const std::string& access_key_id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  trusted_ = access_key_id;
}

std::vector<std::string> StepFunctionsStub::Arrivals(const std::string& token) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = arrivals_.find(token);
  return found == arrivals_.end() ? std::vector<std::string>() : found->second;
}

size_t StepFunctionsStub::sends() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return sends_;
}

Step StepFunctionsStub::Begin() {
  std::optional<Trouble> met;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!next_.empty()) {
    met = std::move(next_.front());
    next_.pop_front();
    const Step::When cut = met->step.cut;
    if (cut == Step::When::kBeforeRequest || cut == Step::When::kDuringRequest) return met->step;
  }
  return Step::Decide([this, met](const SeenRequest& request) { return Receive(request, met); });
}

Step StepFunctionsStub::Receive(const SeenRequest& request, const std::optional<Trouble>& met) {
  const std::optional<SendTask> call = targets::ReadSendTask(request);
  if (!call.has_value()) return targets::Refused("ValidationException");
  DurationMs delay = 0;
  Step step;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const bool trusted = trusted_.empty() || absl::StrContains(request.Field("authorization"), trusted_ + "/");
    if (!trusted) return targets::Refused("UnrecognizedClientException", 400, "The security token is invalid");
    step = Answer(*call, met, delay);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(delay));
  return step;
}

Step StepFunctionsStub::Answer(const SendTask& call, const std::optional<Trouble>& met, DurationMs& delay) {
  if (call.is_beat()) return taken_.contains(call.token) ? targets::Refused("TaskTimedOut") : targets::Taken();
  ++sends_;
  arrivals_[call.token].push_back(absl::StrCat(call.operation, " ", call.output, call.error, call.cause));
  const std::optional<Trouble> trouble = met.has_value() || !fate_ ? met : fate_(call);
  const bool over = taken_.contains(call.token);
  if (!trouble.has_value() || trouble->taken) taken_.insert(call.token);
  if (!trouble.has_value()) return over ? targets::Refused("TaskTimedOut") : targets::Taken();
  delay = trouble->delay;
  return trouble->step;
}

}  // namespace tokenbroker::testing
