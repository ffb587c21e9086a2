#include "server/outbound/aws/container_source.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/outbound/aws/credentials_text.h"
#include "server/outbound/url.h"

namespace tokenbroker::outbound::aws {
namespace {

constexpr char kEcs[] = "http://169.254.170.2";

bool IsTrusted(const Url& url) {
  constexpr const char* kHosts[] = {"localhost", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
  return url.tls || absl::StartsWith(url.host, "127.") ||
         std::any_of(std::begin(kHosts), std::end(kHosts), [&](const char* host) { return url.host == host; });
}

absl::StatusOr<std::string> UrlOf(const Surroundings& surroundings) {
  const std::string relative = surroundings.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  if (!relative.empty()) return kEcs + relative;
  const std::string full = surroundings.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (full.empty()) return absl::NotFoundError("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not set");
  const absl::StatusOr<Url> url = ParseUrl(full);
  if (url.ok() && IsTrusted(*url)) return full;
  return absl::FailedPreconditionError(
      "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or http to this machine or to the addresses of ECS and EKS");
}

absl::StatusOr<HttpRequest> RequestOf(const Surroundings& surroundings) {
  HttpRequest request{.method = "GET", .connect_timeout = 2'000, .timeout = 5'000};
  TB_ASSIGN_OR_RETURN(request.url, UrlOf(surroundings));
  std::string token = surroundings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  const std::string file = surroundings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (!file.empty()) {
    const absl::StatusOr<std::string> text = surroundings.read_file(file);
    if (!text.ok()) {
      return absl::FailedPreconditionError(absl::StrCat("container credentials' token: ", text.status().message()));
    }
    token = std::string(absl::StripAsciiWhitespace(*text));
  }
  if (!token.empty()) request.headers.emplace_back("Authorization", std::move(token));
  return request;
}

}  // namespace

CredentialsSource FromContainer(SurroundingsPtr surroundings) {
  return [surroundings = std::move(surroundings)](CredentialsDone done) {
    absl::StatusOr<HttpRequest> request = RequestOf(*surroundings);
    if (!request.ok()) return done(request.status());
    surroundings->http.Send(*std::move(request), [done = std::move(done)](HttpResult result) {
      if (result.answered() && result.response.status == 200) {
        return done(ReadContainerCredentials(result.response.body));
      }
      done(EndpointError("container credentials", result, ""));
    });
  };
}

}  // namespace tokenbroker::outbound::aws
