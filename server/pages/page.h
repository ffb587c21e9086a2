// The page itself: what is asked, a button for each outcome that the URL allows, and afterwards the decision. Without
// JavaScript, without anything from elsewhere.
//
// Pure: from what may be seen to HTML.
#pragma once

#include <string>
#include <string_view>

#include "server/pages/form.h"
#include "server/pages/message.h"
#include "server/pages/sight.h"

namespace tokenbroker::pages {

struct PageContext {
  // Of the URL, as it was presented: for links back, and for the proof in its forms.
  std::string_view token;
  Action action = Action::kPage;
  // Why the last attempt did not work. May be empty.
  std::string problem;
  // What was filled in at that attempt.
  Filled filled;
};

std::string TaskPage(const Sight& sight, const PageContext& context);

// A page about no task: unknown, not allowed, or a passing trouble.
std::string MessagePage(std::string_view title, std::string_view text);

// From the page of an action or of the task to the task's page, relative, so that a path before /c/ does no harm.
std::string PagePath(std::string_view token, Action from);

}  // namespace tokenbroker::pages
