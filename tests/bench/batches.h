// Batches as bytes. Client and server share the machine, so that whatever the load does is missing from what is
// measured: objects for a hundred items, made and read for each call, cost the client more than everything else.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/patched_message.h"
#include "tests/bench/requests.h"

namespace tokenbroker::benchmarks {

// Makes a BatchIssueTasksRequest with so many issues; `adapt`, if it is not empty, may change each. What can be patched
// is their request ids.
void BuildIssues(int items, const std::function<void(v1::IssueTaskRequest&)>& adapt, PatchedMessage& batch);

// Visits the tokens of a BatchIssueTasksResponse and returns how many there are. 0 if the bytes are none, or an item
// was refused, or `visit` returned false.
size_t VisitTokens(std::string_view response, const std::function<bool(std::string_view)>& visit);

// Makes a BatchSettleRequest in which these tasks succeed. What can be patched is their tokens.
void BuildSettlements(const std::vector<std::string>& tokens, PatchedMessage& batch);

struct Settled {
  size_t items = 0;
  size_t accepted = 0;
};
// What a BatchSettleResponse says; nothing if the bytes are none.
Settled CountSettled(std::string_view response);

}  // namespace tokenbroker::benchmarks
