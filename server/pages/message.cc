#include "server/pages/message.h"

namespace tokenbroker::pages {

std::string_view NameOf(Action action) {
  switch (action) {
    case Action::kPage:
      return "";
    case Action::kSucceed:
      return "succeed";
    case Action::kFail:
      return "fail";
    case Action::kHeartbeat:
      return "heartbeat";
  }
  return "";
}

}  // namespace tokenbroker::pages
