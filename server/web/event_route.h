// POST /v1/namespaces/{namespace}/events: an event as EventBridge sends it to an API destination, of which a task is
// made as intake.events says.
//
//   200 {"taskId":"...","deadline":"...","state":"TASK_STATE_WAITING","replayed":false}
//   400 not an event, no rule for it, or its rule finds no token: nothing was changed, and nothing would be next time
//
// and otherwise as IssueTask, whose right "issue" it needs; the token that the broker made is not told.
#pragma once

#include "absl/status/status.h"
#include "server/http/router.h"
#include "server/intake/event_rules.h"
#include "server/web/shared.h"

namespace tokenbroker::web {

// Both must outlive the server.
absl::Status AddEventRoute(const Shared& shared, const intake::EventRules& rules, http::Router& router);

}  // namespace tokenbroker::web
