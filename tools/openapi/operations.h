// Routes as operations of OpenAPI.
#pragma once

#include <string>

#include "server/rest/route_table.h"
#include "tools/openapi/contract.h"
#include "tools/openapi/errors.h"
#include "tools/openapi/schemas.h"

namespace tokenbroker::openapi {

// "/v1/namespaces/{namespace}/keys/{key}:await": variables under the JSON names of their last field.
std::string PathOf(const rest::Route& route);

class Operations {
 public:
  Operations(const Contract& contract, Schemas& schemas, Errors& errors)
      : contract_(contract), schemas_(schemas), errors_(errors) {}

  // `first`: the first route of the same call, which gives its plain name to the operation.
  Json Of(const rest::Route& route, const rest::Route& first);

 private:
  Json Parameters(const rest::Route& route);
  void AddQuery(const google::protobuf::Descriptor& message, const std::string& prefix, const std::string& but_for,
                Json& out);
  Json Body(const rest::Route& route);
  Json Answer(const rest::Route& route);

  const Contract& contract_;
  Schemas& schemas_;
  Errors& errors_;
};

}  // namespace tokenbroker::openapi
