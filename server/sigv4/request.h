// A request as its signature sees it. No HTTP client or server: whichever there is fills it.
#pragma once

#include <string_view>

#include "absl/types/span.h"

namespace tokenbroker::aws {

struct Header {
  std::string_view name;
  std::string_view value;
};

// Views; they need to live as long as the call that is given them, not longer.
struct Request {
  // "POST".
  std::string_view method;
  // As sent: encoded, without the query.
  std::string_view path;
  // As sent, without the question mark.
  std::string_view query;
  // In the order in which they came; names in any case.
  absl::Span<const Header> headers;
  // Complete, and as the client signed it: no transfer or content coding left.
  std::string_view body;
  // What the answer is to be called: x-amzn-RequestId.
  std::string_view request_id;

  // The first field of that name, without blanks around it; empty if there is none.
  std::string_view Find(std::string_view name) const;
};

// Names of header fields are compared without regard to case.
bool SameName(std::string_view a, std::string_view b);
// Without spaces and tabs at both ends.
std::string_view Trimmed(std::string_view text);

}  // namespace tokenbroker::aws
