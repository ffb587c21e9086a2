// What calls answer instead: the reasons that their comments list, by HTTP status.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tools/openapi/contract.h"
#include "tools/openapi/schemas.h"

namespace tokenbroker::openapi {

class Errors {
 public:
  Errors(const Contract& contract, Schemas& schemas);

  // One response for each status of the reasons in a call's comment and of those that any call may give, and "default".
  void AddResponses(const std::string& comment, Json& responses) const;

  // For "#/components/examples": a body for each reason.
  Json Examples() const;

 private:
  struct Reason {
    std::string name;
    // The google.rpc.Code that its comment begins with.
    int code = 0;
    std::string text;
  };

  const Contract& contract_;
  Json schema_;
  std::vector<Reason> reasons_;
};

}  // namespace tokenbroker::openapi
