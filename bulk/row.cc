#include "bulk/row.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/contract_limits.h"
#include "base/status_macros.h"
#include "base/text.h"

namespace tokenbroker::bulk {
namespace {

absl::Status Wrong(const char* what) { return absl::InvalidArgumentError(what); }

// Other characters are a slip of the export; the broker would call the token unknown.
absl::Status CheckToken(const std::string& token) {
  const auto visible = [](char c) { return c > 0x20 && c < 0x7f; };
  if (!token.empty() && token.size() <= kMaxToken && std::all_of(token.begin(), token.end(), visible)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("\"token\" must be 1 to ", kMaxToken, " visible ASCII characters"));
}

absl::StatusOr<v1::TaskRef> MakeRef(RowFields& fields, const std::string& default_namespace) {
  if (fields.token.has_value() + fields.task_id.has_value() + fields.key.has_value() != 1) {
    return Wrong("must name its task by exactly one of \"token\", \"task_id\" and \"key\"");
  }
  if (fields.name_space && !fields.key) return Wrong("\"namespace\" is for tasks named by \"key\" only");
  v1::TaskRef ref;
  if (fields.token) {
    TB_RETURN_IF_ERROR(CheckToken(*fields.token));
    ref.set_token(*std::move(fields.token));
  } else if (fields.task_id) {
    ref.set_task_id(*std::move(fields.task_id));
  } else {
    ref.mutable_key()->set_namespace_(fields.name_space.value_or(default_namespace));
    ref.mutable_key()->set_key(*std::move(fields.key));
  }
  return ref;
}

absl::StatusOr<bool> Succeeds(const RowFields& fields) {
  const bool failure = fields.error || fields.cause;
  if (!fields.outcome) {
    if (fields.output.has_value() != failure) return fields.output.has_value();
    return Wrong("must have \"output\", or \"error\" with or without \"cause\", or say its \"outcome\"");
  }
  if (*fields.outcome == "succeed") {
    if (failure) return Wrong("\"error\" and \"cause\" do not go with \"outcome\" succeed");
    return true;
  }
  if (*fields.outcome != "fail") return Wrong("\"outcome\" must be succeed or fail");
  if (fields.output) return Wrong("\"output\" does not go with \"outcome\" fail");
  return false;
}

}  // namespace

std::optional<std::string>* Member(RowFields& fields, std::string_view name) {
  if (name == "token") return &fields.token;
  if (name == "task_id" || name == "id") return &fields.task_id;
  if (name == "key") return &fields.key;
  if (name == "namespace") return &fields.name_space;
  if (name == "outcome") return &fields.outcome;
  if (name == "output") return &fields.output;
  if (name == "error") return &fields.error;
  if (name == "cause") return &fields.cause;
  if (name == "request_id") return &fields.request_id;
  return nullptr;
}

absl::StatusOr<v1::Settlement> MakeSettlement(RowFields fields, const std::string& default_namespace) {
  TB_ASSIGN_OR_RETURN(v1::TaskRef task, MakeRef(fields, default_namespace));
  TB_ASSIGN_OR_RETURN(const bool succeeds, Succeeds(fields));
  v1::Settlement settlement;
  if (succeeds) {
    v1::SucceedRequest& succeed = *settlement.mutable_succeed();
    *succeed.mutable_task() = std::move(task);
    succeed.set_output(std::move(fields.output).value_or("{}"));
    succeed.set_request_id(std::move(fields.request_id).value_or(""));
  } else {
    v1::FailRequest& fail = *settlement.mutable_fail();
    *fail.mutable_task() = std::move(task);
    fail.set_error(std::move(fields.error).value_or(""));
    fail.set_cause(std::move(fields.cause).value_or(""));
    fail.set_request_id(std::move(fields.request_id).value_or(""));
  }
  return settlement;
}

}  // namespace tokenbroker::bulk
