// Credentials as AWS's endpoints write them. Pure. Errors quote nothing.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/outbound/aws/credentials.h"
#include "server/outbound/http_client.h"

namespace tokenbroker::outbound::aws {

// {"AccessKeyId": ..., "SecretAccessKey": ..., "Token": ..., "Expiration": "2026-11-21T10:00:00Z"}: containers and
// instances.
absl::StatusOr<Credentials> ReadContainerCredentials(std::string_view json);

// {"roleCredentials": {"accessKeyId": ..., "expiration": 1700000000000}}: SSO.
absl::StatusOr<Credentials> ReadSsoCredentials(std::string_view json);

// <AssumeRoleResponse>...<Credentials><AccessKeyId>...: STS.
absl::StatusOr<Credentials> ReadStsCredentials(std::string_view xml);

// What stands between <tag> and </tag>, with its entities resolved; empty if nothing.
std::string XmlText(std::string_view xml, std::string_view tag);

// A string of a JSON object's; empty if it is not there, or the text is no object.
std::string JsonText(std::string_view json, std::string_view name);

// Why an endpoint did not answer with 200: UNAVAILABLE for what may pass, else FAILED_PRECONDITION. `what` it was, for
// people, and `reason` as the endpoint has it, may be empty.
absl::Status EndpointError(std::string_view what, const HttpResult& result, std::string_view reason);

}  // namespace tokenbroker::outbound::aws
