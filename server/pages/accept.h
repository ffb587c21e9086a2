// Who gets a page and who gets JSON.
#pragma once

#include <string_view>

namespace tokenbroker::pages {

// By the request's Accept: a page for who prefers text/html, JSON for who prefers application/json. Where both are as
// good, as with */* or without the field, the one who looks (GET) gets a page and the one who acts (POST), a program as
// a rule, gets JSON.
bool WantsPage(std::string_view accept, bool post);

}  // namespace tokenbroker::pages
