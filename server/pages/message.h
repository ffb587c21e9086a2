// A request to the callback door and its answer, as far as the door looks at them: no sockets, no HTTP library.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tokenbroker::pages {

// What stands behind /c/TOKEN/. kPage: nothing.
enum class Action { kPage, kSucceed, kFail, kHeartbeat };
// "", "succeed", "fail", "heartbeat".
std::string_view NameOf(Action action);

struct Request {
  // POST; otherwise GET or HEAD, which are the same here.
  bool post = false;
  // Decoded.
  std::string token;
  Action action = Action::kPage;
  // Header fields; empty if they are not there.
  std::string accept;
  std::string content_type;
  std::string origin;
  std::string sec_fetch_site;
  std::string host;
  // Complete.
  std::string body;
};

struct Answer {
  int status = 200;
  // A literal.
  std::string_view content_type;
  std::vector<std::pair<std::string_view, std::string>> headers;
  std::string body;
};

}  // namespace tokenbroker::pages
