// The whole contract as an OpenAPI 3.1 document.
#pragma once

#include <string>

#include "tools/openapi/contract.h"
#include "tools/openapi/examples.h"

namespace tokenbroker::openapi {

// The same contract and version give the same document, byte for byte.
Json MakeDocument(const Contract& contract, const std::string& version);

}  // namespace tokenbroker::openapi
