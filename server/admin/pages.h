// What the admin port answers, without the network.
#pragma once

#include <string>
#include <string_view>

#include "server/admin/admin_server.h"

namespace tokenbroker {

struct AdminPage {
  int status = 200;
  // A literal.
  std::string_view content_type;
  std::string body;
};

// `target` is the request's target with its query, `accept` its Accept header, both as they came.
AdminPage AnswerAdminRequest(const AdminHandlers& handlers, std::string_view target, std::string_view accept);

}  // namespace tokenbroker
