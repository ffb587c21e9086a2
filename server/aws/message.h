// A request and its answer, as this door needs them: whatever HTTP server stands in front fills the one and sends the
// other.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

struct Answer {
  int status = 200;
  // A literal.
  std::string_view content_type;
  // Names are literals.
  std::vector<std::pair<std::string_view, std::string>> headers;
  std::string body;
  // Which operation it was, for whoever counts: a name from the table, or empty. And by which name it was refused.
  std::string_view operation;
  std::string_view error;
  // google.rpc.Code, 0 for success.
  int code = 0;
};

// Names of header fields are compared without regard to case.
bool SameName(std::string_view a, std::string_view b);
// Without spaces and tabs at both ends.
std::string_view Trimmed(std::string_view text);

}  // namespace tokenbroker::aws
