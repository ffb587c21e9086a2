// What the body of a POST says, whichever form it comes in. docs/callbacks.md has the rules, for callers.
//
//   application/json, +json            JSON, byte for byte
//   application/x-www-form-urlencoded  a form; or JSON, if it begins as an object, list or text does: curl -d says
//                                      "form" whatever it sends
//   text/*                             a text
//   none, application/octet-stream     JSON if it is, else a text
//
// Nothing at all is allowed in every form. Another type is refused.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/pages/form.h"

namespace tokenbroker::pages {

struct Body {
  enum class Kind { kEmpty, kJson, kForm, kText };
  Kind kind = Kind::kEmpty;
  // kJson, kText. A view of the request's body.
  std::string_view text;
  // kForm.
  Filled form;
};

// INVALID_ARGUMENT says what is wrong with it, UNIMPLEMENTED that the type is none of these.
absl::StatusOr<Body> ReadBody(std::string_view content_type, std::string_view body);

// The output of a success; `form` is that of the task, for a body that is one.
absl::StatusOr<std::string> OutputOf(const Body& body, const Form& form);

struct Failing {
  std::string error;
  std::string cause;
};
// A JSON object or a form with "error" and "cause", or the cause as text.
absl::StatusOr<Failing> FailingOf(const Body& body);

// The progress of a heartbeat, as JSON; empty if there is none.
absl::StatusOr<std::string> ProgressOf(const Body& body);

}  // namespace tokenbroker::pages
