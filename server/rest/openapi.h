// The REST door's own description.
#pragma once

#include <string_view>

namespace tokenbroker::rest {

// The whole contract as an OpenAPI 3.1 document, in JSON; generated from the protos (tools/openapi) and linked in by
// tokenbroker::openapi. Served at /openapi.json.
std::string_view OpenApiDocument();

}  // namespace tokenbroker::rest
