// Where AWS's services stand.
#pragma once

#include <string>
#include <string_view>

#include "server/outbound/aws/surroundings.h"

namespace tokenbroker::outbound::aws {

// "https://states.eu-west-1.amazonaws.com", in the partition that the region is in.
std::string EndpointOf(std::string_view service, std::string_view region);

// As the environment overrides it (AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL), or else the service's own. `variable`
// is the service's name there: "SFN", "STS".
std::string EndpointOf(const Surroundings& surroundings, std::string_view variable, std::string_view service,
                       std::string_view region);

// "123456789012" of "arn:aws:iam::123456789012:role/x"; empty if the text is no such ARN.
std::string AccountOf(std::string_view arn);

}  // namespace tokenbroker::outbound::aws
