#include "tests/pages/door_harness.h"

#include "server/pages/guard.h"

namespace tokenbroker::pages {

Request DoorHarness::Browser(const std::string& token, Action action) {
  Request request;
  request.token = token;
  request.action = action;
  request.accept = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
  request.host = "127.0.0.1:8433";
  return request;
}

Answer DoorHarness::Press(const std::string& token, Action action, const std::string& fields) {
  Request request = Browser(token, action);
  request.post = true;
  request.content_type = "application/x-www-form-urlencoded";
  request.origin = "null";
  request.sec_fetch_site = "same-origin";
  request.body = std::string(kProofField) + "=" + ProofOf(token) + (fields.empty() ? "" : "&" + fields);
  return Send(std::move(request));
}

std::string HeaderOf(const Answer& answer, std::string_view name) {
  for (const auto& [key, value] : answer.headers) {
    if (key == name) return value;
  }
  return "";
}

}  // namespace tokenbroker::pages
