// How the page looks: one style sheet, in the page itself, because it loads nothing from anywhere.
#pragma once

#include <string>
#include <string_view>

namespace tokenbroker::pages {

std::string_view StyleSheet();

// The Content-Security-Policy that allows this style sheet, by its hash, forms to ourselves, and nothing else.
const std::string& SecurityPolicy();

}  // namespace tokenbroker::pages
