// The fields of a form as HTML.
#pragma once

#include <string>

#include "server/pages/form.h"

namespace tokenbroker::pages {

// `filled` goes before what the fields open with.
std::string FieldsHtml(const Form& form, const Filled& filled);

}  // namespace tokenbroker::pages
