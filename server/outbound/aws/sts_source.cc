#include "server/outbound/aws/sts_source.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/percent.h"
#include "server/outbound/aws/credentials_text.h"
#include "server/outbound/aws/endpoint.h"
#include "server/outbound/aws/signer.h"

namespace tokenbroker::outbound::aws {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

std::string FormOf(const Parameters& parameters) {
  std::string form = "Version=2011-06-15";
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    absl::StrAppend(&form, "&", name, "=");
    form += PercentEncoded(value);
  }
  return form;
}

HttpRequest RequestTo(const Surroundings& surroundings, const Role& role, const Parameters& parameters) {
  return {.url = EndpointOf(surroundings, "STS", "sts", role.region) + "/",
          .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
          .body = FormOf(parameters),
          .timeout = 10'000};
}

Parameters ParametersOf(const char* action, const Role& role) {
  return {{"Action", action},
          {"RoleArn", role.arn},
          {"RoleSessionName", role.session_name},
          {"DurationSeconds", role.duration_seconds == 0 ? "" : absl::StrCat(role.duration_seconds)}};
}

void Ask(const SurroundingsPtr& surroundings, HttpRequest request, std::string what, CredentialsDone done) {
  surroundings->http.Send(std::move(request),
                          [surroundings, what = std::move(what), done = std::move(done)](HttpResult result) {
                            if (result.answered() && result.response.status == 200)
                              return done(ReadStsCredentials(result.response.body));
                            const std::string code = XmlText(result.response.body, "Code");
                            const std::string message = XmlText(result.response.body, "Message");
                            done(EndpointError(what, result, code.empty() ? code : absl::StrCat(code, ": ", message)));
                          });
}

void AssumeRole(const SurroundingsPtr& surroundings, const Role& role, const absl::StatusOr<Credentials>& base,
                CredentialsDone done) {
  if (!base.ok()) {
    // Not "nothing is set up here": the role is.
    const absl::StatusCode code =
        absl::IsNotFound(base.status()) ? absl::StatusCode::kFailedPrecondition : base.status().code();
    return done(
        absl::Status(code, absl::StrCat("credentials to assume ", role.arn, " with: ", base.status().message())));
  }
  Parameters parameters = ParametersOf("AssumeRole", role);
  parameters.emplace_back("ExternalId", role.external_id);
  HttpRequest request = RequestTo(*surroundings, role, parameters);
  const absl::Status signed_well = Signer("sts", role.region).Sign(*base, surroundings->clock.Now(), request);
  if (!signed_well.ok()) return done(signed_well);
  Ask(surroundings, std::move(request), "AssumeRole of " + role.arn, std::move(done));
}

}  // namespace

CredentialsSource FromRole(SurroundingsPtr surroundings, CredentialsSource base, Role role) {
  return [=](CredentialsDone done) {
    base([surroundings, role, done = std::move(done)](const absl::StatusOr<Credentials>& credentials) {
      AssumeRole(surroundings, role, credentials, done);
    });
  };
}

CredentialsSource FromWebIdentity(SurroundingsPtr surroundings, std::string token_file, Role role) {
  return [=](CredentialsDone done) {
    const absl::StatusOr<std::string> token = surroundings->read_file(token_file);
    if (!token.ok()) {
      return done(absl::FailedPreconditionError(absl::StrCat("web identity token: ", token.status().message())));
    }
    Parameters parameters = ParametersOf("AssumeRoleWithWebIdentity", role);
    parameters.emplace_back("WebIdentityToken", absl::StripAsciiWhitespace(*token));
    Ask(surroundings, RequestTo(*surroundings, role, parameters), "AssumeRoleWithWebIdentity of " + role.arn,
        std::move(done));
  };
}

CredentialsSource FromWebIdentityVariables(SurroundingsPtr surroundings, std::string region) {
  return [=](CredentialsDone done) {
    const std::string file = surroundings->variable("AWS_WEB_IDENTITY_TOKEN_FILE");
    Role role{.arn = surroundings->variable("AWS_ROLE_ARN"), .region = region};
    if (file.empty()) return done(absl::NotFoundError("AWS_WEB_IDENTITY_TOKEN_FILE is not set"));
    if (role.arn.empty()) {
      return done(absl::FailedPreconditionError("AWS_WEB_IDENTITY_TOKEN_FILE is set, but not AWS_ROLE_ARN"));
    }
    const std::string session = surroundings->variable("AWS_ROLE_SESSION_NAME");
    if (!session.empty()) role.session_name = session;
    FromWebIdentity(surroundings, file, std::move(role))(std::move(done));
  };
}

}  // namespace tokenbroker::outbound::aws
