#include "server/outbound/aws/endpoint.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tokenbroker::outbound::aws {
namespace {

absl::string_view Text(std::string_view text) { return {text.data(), text.size()}; }

const char* DomainOf(std::string_view region) {
  constexpr std::pair<const char*, const char*> kPartitions[] = {
      {"cn-", "amazonaws.com.cn"}, {"us-iso-", "c2s.ic.gov"}, {"us-isob-", "sc2s.sgov.gov"}, {"eusc-", "amazonaws.eu"}};
  for (const auto& [prefix, domain] : kPartitions) {
    if (absl::StartsWith(Text(region), prefix)) return domain;
  }
  return "amazonaws.com";
}

}  // namespace

std::string EndpointOf(std::string_view service, std::string_view region) {
  return absl::StrCat("https://", Text(service), ".", Text(region), ".", DomainOf(region));
}

std::string EndpointOf(const Surroundings& surroundings, std::string_view variable, std::string_view service,
                       std::string_view region) {
  const bool ignored = surroundings.variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") == "true";
  for (const std::string& name : {absl::StrCat("AWS_ENDPOINT_URL_", Text(variable)), std::string("AWS_ENDPOINT_URL")}) {
    const std::string url = surroundings.variable(name);
    if (!ignored && !url.empty()) return url;
  }
  return EndpointOf(service, region);
}

std::string AccountOf(std::string_view arn) {
  const std::vector<std::string> parts = absl::StrSplit(Text(arn), ':');
  return parts.size() >= 6 && parts[0] == "arn" ? parts[4] : "";
}

}  // namespace tokenbroker::outbound::aws
