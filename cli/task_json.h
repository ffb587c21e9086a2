// Messages of the contract as JSON: snake_case names as in the proto, fields in its order, enum values without their
// prefix, times as RFC 3339, spans as "1h30m". Fields that are empty are left out, except those that every task has.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "cli/json.h"
#include "tokenbroker/v1/admin_service.pb.h"
#include "tokenbroker/v1/resolver_service.pb.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::cli {

std::string NameOf(v1::TaskState state);
std::string NameOf(v1::DeliveryState state);
std::string NameOf(v1::Verdict verdict);
std::string NameOf(v1::WatchTasksResponse::Kind kind);

Json ToJson(const v1::Task& task);
Json ToJson(const v1::Delivery& delivery);
Json ToJson(const v1::IssueTaskResponse& issued);
Json ToJson(const v1::WatchTasksResponse& change);
Json ToJson(const v1::HeartbeatResponse& beat);
Json ToJson(const v1::GetStatusResponse& status);
Json ToJson(const v1::CreateBackupResponse& backup);

// {"verdict", "task_id"} of a settling call.
Json VerdictJson(v1::Verdict verdict, const std::string& task_id);

// {"code", "reason", "message", "field", "recorded"} of a refusal.
Json ErrorJson(const absl::Status& error);

}  // namespace tokenbroker::cli
