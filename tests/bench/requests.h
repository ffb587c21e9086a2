// The requests of every measurement, the same throughout: sample.h says what a task is made of.
#pragma once

#include <cstdint>
#include <string_view>

#include "tokenbroker/v1/resolver_service.pb.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::benchmarks {

// A number that no other request of this run has, on any server.
uint64_t NextRequestNumber();

// Fills in everything but the deadline; whatever the message held before is overwritten.
void FillIssue(v1::IssueTaskRequest& request);
void SetTimeout(int64_t milliseconds, v1::IssueTaskRequest& request);

void FillSucceed(std::string_view token, v1::SucceedRequest& request);

}  // namespace tokenbroker::benchmarks
