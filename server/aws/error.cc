#include "server/aws/error.h"

#include "absl/strings/ascii.h"
#include "json/json_writer.h"

namespace tokenbroker::aws {

std::string BodyOf(const Error& error) {
  std::string out = "{\"__type\":\"";
  out.append(error.kind->space).append("#").append(error.kind->name).append("\"");
  if (!error.message.empty()) {
    out.append(",\"message\":");
    json::WriteString(error.message, out);
  }
  return out.append("}");
}

std::string Shown(std::string_view text) {
  constexpr size_t kLongest = 128;
  std::string out(text.substr(0, kLongest));
  for (char& c : out) {
    if (!absl::ascii_isprint(c)) c = '?';
  }
  if (text.size() > kLongest) out += "...";
  return out;
}

}  // namespace tokenbroker::aws
