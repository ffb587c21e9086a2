// Text for a page. Everything that did not come from this program's own sources goes through Escaped.
#pragma once

#include <string>
#include <string_view>

namespace tokenbroker::pages {

// The text as the content of an element or of an attribute in double quotes: & < > " ' are escaped. Control characters,
// and those that turn the direction of text around (they can make a text read as another), become U+FFFD; line breaks
// and tabs stay. What is not UTF-8 becomes U+FFFD.
std::string Escaped(std::string_view text);

// At most so many bytes, no half character; with an ellipsis if something was cut.
std::string Shortened(std::string_view text, size_t max);

}  // namespace tokenbroker::pages
