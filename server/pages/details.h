// The parts of the page that show the task. Each is HTML, or empty if there is nothing to show.
#pragma once

#include <string>

#include "server/pages/sight.h"

namespace tokenbroker::pages {

// The error of a failure for which none was chosen.
inline constexpr char kDefaultError[] = "Declined";

std::string StatePill(const Sight& sight);
// Until when to decide, or since when it is decided.
std::string WhenLine(const Sight& sight);
// What was decided, when and by whom.
std::string DecisionHtml(const Sight& sight);
std::string LabelsHtml(const Sight& sight);
std::string InputHtml(const Sight& sight);

// JSON for people: the members of a flat object as rows, anything else indented.
std::string JsonHtml(std::string_view json);

}  // namespace tokenbroker::pages
