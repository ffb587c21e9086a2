// Answers of the callback door, with the header fields that all of them have.
#pragma once

#include <string>

#include "server/broker/reason.h"
#include "server/calls/errors.h"
#include "server/pages/message.h"
#include "server/pages/sight.h"

namespace tokenbroker::pages {

Answer PageAnswer(int status, std::string html);
Answer JsonAnswer(int status, std::string json);
// 303: look there.
Answer SeeOther(std::string path);

// The status of a page that says so. A conflict is 409, a task that has ended 410: people's programs go by it.
int PageStatusOf(broker::Reason reason);

// An error in JSON, as at the REST door. `http_status`: where there is one that says more than the reason's; else 0.
Answer JsonRefusal(const calls::Refused& refused, int http_status = 0);
// A page that says why, about no task.
Answer PageRefusal(const broker::Refusal& refusal);

// {"task":{...},"allowed":["succeed","fail"],"errors":["Rejected"]}, with what may be seen.
std::string SightJson(const Sight& sight);

}  // namespace tokenbroker::pages
