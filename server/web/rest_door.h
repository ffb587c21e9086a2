// REST: the whole contract under /v1/, by its google.api.http annotations, and its description at /openapi.json.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/http/router.h"
#include "server/rest/route_table.h"
#include "server/web/rest_call.h"
#include "server/web/shared.h"

namespace tokenbroker::web {

class RestDoor {
 public:
  // `shared` must outlive the door, and the door the server.
  static absl::StatusOr<std::unique_ptr<RestDoor>> Make(const Shared& shared);

  absl::Status AddTo(http::Router& router);

 private:
  RestDoor(const Shared& shared, rest::RouteTable routes) : shared_(shared), routes_(std::move(routes)) {}

  void AddMethods();
  absl::Status Add(const rest::Route& route, const std::string& path, http::Router& router);
  http::Handle HandlerOf(const rest::Route& route);

  const Shared& shared_;
  const rest::RouteTable routes_;
  // By full name.
  std::map<std::string, RestMethod, std::less<>> methods_;
};

}  // namespace tokenbroker::web
