// The query of a request; see Bind.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "server/rest/route.h"

namespace tokenbroker::rest {

// Adds the parameters to a message that holds what path and body say.
absl::Status BindQuery(const Route& route, std::string_view query, google::protobuf::Message& message);

}  // namespace tokenbroker::rest
