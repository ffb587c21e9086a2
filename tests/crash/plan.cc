#include "tests/crash/plan.h"

#include "absl/strings/str_cat.h"
#include "tests/crash/outcomes.h"
#include "tests/testing/broker_client.h"

namespace tokenbroker::testing {

std::string NamespaceName(int name_space) { return absl::StrCat("crash-", name_space); }

std::string TargetName(Target target) {
  switch (target) {
    case Target::kNone:
      return "";
    case Target::kEngine:
      return "engine";
    case Target::kHook:
      return "hook";
  }
  return "";
}

std::string Plan::EngineToken() const {
  return target == Target::kEngine ? absl::StrCat(kEngineTokenPrefix, serial) : "";
}

std::string InputOf(const Plan& plan) {
  if (plan.input_bytes == 0) return "";
  return absl::StrCat("{\"serial\":", plan.serial, ",\"pad\":\"", std::string(plan.input_bytes, 'i'), "\"}");
}

v1::IssueTaskRequest Plan::Request() const {
  v1::IssueTaskRequest request;
  request.set_namespace_(NamespaceName(name_space));
  if (with_request_id) request.set_request_id(absl::StrCat("request-", serial));
  request.set_correlation_key(key);
  request.set_attempt(attempt);
  request.set_input(InputOf(*this));
  request.set_summary(absl::StrCat("serial ", serial));
  (*request.mutable_labels())["serial"] = absl::StrCat(serial);
  *request.mutable_timeout() = ToDuration(timeout);
  if (heartbeat != 0) *request.mutable_heartbeat_timeout() = ToDuration(heartbeat);
  request.set_target(TargetName(target));
  request.set_upstream_token(EngineToken());
  if (with_contract) {
    request.mutable_contract()->set_output_schema(R"({"type":"object","required":["serial","choice"]})");
    for (int choice = 1; choice < kChoices; choice += 2)
      request.mutable_contract()->add_allowed_errors(ErrorOf(choice));
  }
  return request;
}

}  // namespace tokenbroker::testing
