// How far a path is from a route's template: for the hint of a 404.
#pragma once

#include <string_view>

namespace tokenbroker::http {

// More than this is not worth a hint.
inline constexpr int kNearEnough = 24;

// 0: it matches. A segment too many or too few costs 16; a literal that is another one 4 to 20, by how much of its
// beginning and end is the same. Costs no more than a few hundred steps, however long the path is.
int DistanceToTemplate(std::string_view path, std::string_view path_template);

}  // namespace tokenbroker::http
