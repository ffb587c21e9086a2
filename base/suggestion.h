// What to say when a name is not known.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker {

// The number of characters to insert, remove or replace to turn one into the other.
int EditDistance(std::string_view a, std::string_view b);

// " (did you mean 'x'?)" for the candidate nearest to `name`, or "" if none is near.
std::string Suggestion(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace tokenbroker
