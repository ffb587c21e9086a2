// How the page says things: times, states, people.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "storage/log_entry.h"

namespace tokenbroker::pages {

// "21 Nov 2026, 08:12 UTC"
std::string TimeWords(TimeMs time);
// "2026-11-21T08:12:00Z"
std::string TimeStamp(TimeMs time);
// "in 2 hours", "5 minutes ago", "now"
std::string Relative(TimeMs time, TimeMs now);

// "Waiting for a decision", ...
std::string_view StateWords(storage::TaskState state);
// Whoever resolved a task, from Outcome.resolved_by.
std::string WhoWords(std::string_view resolved_by);

}  // namespace tokenbroker::pages
