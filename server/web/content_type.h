// What a body says it is.
#pragma once

#include <string>
#include <string_view>

#include "server/broker/reason.h"
#include "server/http/request.h"

namespace tokenbroker::web {

// Empty if Content-Type names `wanted`, with whatever parameters. Pages of other sites can make a browser send a few
// types without asking first; none of them is ever wanted.
inline broker::Refusal CheckContentType(const http::Request& request, std::string_view wanted) {
  std::string_view type = request.Find("Content-Type").value_or("");
  type = type.substr(0, type.find_first_of("; \t"));
  if (http::SameName(type, wanted)) return {};
  return broker::InvalidField("Content-Type", std::string("must be ").append(wanted));
}

}  // namespace tokenbroker::web
