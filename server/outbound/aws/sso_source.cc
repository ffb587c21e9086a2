#include "server/outbound/aws/sso_source.h"

#include <openssl/sha.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/percent.h"
#include "base/status_macros.h"
#include "server/outbound/aws/credentials_text.h"
#include "server/outbound/aws/endpoint.h"

namespace tokenbroker::outbound::aws {
namespace {

struct Login {
  std::string region;
  std::string account_id;
  std::string role_name;
  // Under which the cache knows it.
  std::string name;
};

absl::Status Wrong(std::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat("SSO: ", absl::string_view(what.data(), what.size())));
}

absl::StatusOr<Login> LoginOf(const SharedConfig& config, const Settings& profile) {
  Login login{Find(profile, "sso_region"), Find(profile, "sso_account_id"), Find(profile, "sso_role_name"),
              Find(profile, "sso_start_url")};
  const std::string session = Find(profile, "sso_session");
  if (!session.empty()) {
    const auto found = config.sso_sessions.find(session);
    if (found == config.sso_sessions.end()) return Wrong(absl::StrCat("there is no [sso-session ", session, "]"));
    login.region = Find(found->second, "sso_region");
    login.name = session;
  }
  const std::pair<const char*, const std::string&> needed[] = {{"sso_region", login.region},
                                                               {"sso_account_id", login.account_id},
                                                               {"sso_role_name", login.role_name},
                                                               {"sso_start_url", login.name}};
  for (const auto& [name, value] : needed) {
    if (value.empty()) return Wrong(absl::StrCat(name, " is missing"));
  }
  return login;
}

std::string CacheFile(const Surroundings& surroundings, const std::string& name) {
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(name.data()), name.size(), digest);
  const absl::string_view bytes(reinterpret_cast<const char*>(digest), sizeof(digest));
  return HomePath(surroundings, absl::StrCat(".aws/sso/cache/", absl::BytesToHexString(bytes), ".json"));
}

absl::StatusOr<std::string> AccessToken(const Surroundings& surroundings, const Login& login) {
  const absl::StatusOr<std::string> cache = surroundings.read_file(CacheFile(surroundings, login.name));
  if (!cache.ok()) return Wrong("nobody is logged in: run aws sso login");
  const std::string token = JsonText(*cache, "accessToken");
  absl::Time expires;
  if (token.empty() || !absl::ParseTime(absl::RFC3339_full, JsonText(*cache, "expiresAt"), &expires, nullptr)) {
    return Wrong("the login's cache cannot be read: run aws sso login");
  }
  if (absl::ToUnixMillis(expires) <= surroundings.clock.Now()) return Wrong("the login has expired: run aws sso login");
  return token;
}

absl::StatusOr<HttpRequest> RequestOf(const Surroundings& surroundings, const Login& login) {
  TB_ASSIGN_OR_RETURN(const std::string token, AccessToken(surroundings, login));
  HttpRequest request{
      .method = "GET",
      .url = EndpointOf(surroundings, "SSO", "portal.sso", login.region) + "/federation/credentials?role_name=",
      .headers = {{"x-amz-sso_bearer_token", token}},
      .timeout = 10'000};
  request.url += PercentEncoded(login.role_name);
  request.url += "&account_id=";
  request.url += PercentEncoded(login.account_id);
  return request;
}

}  // namespace

bool HasSso(const Settings& profile) {
  return !Find(profile, "sso_session").empty() || !Find(profile, "sso_start_url").empty();
}

CredentialsSource FromSso(SurroundingsPtr surroundings, const SharedConfig& config, Settings profile) {
  return [surroundings = std::move(surroundings), login = LoginOf(config, profile)](CredentialsDone done) {
    if (!login.ok()) return done(login.status());
    absl::StatusOr<HttpRequest> request = RequestOf(*surroundings, *login);
    if (!request.ok()) return done(request.status());
    surroundings->http.Send(*std::move(request), [done = std::move(done)](HttpResult result) {
      if (result.answered() && result.response.status == 200) return done(ReadSsoCredentials(result.response.body));
      done(EndpointError("SSO", result, ""));
    });
  };
}

}  // namespace tokenbroker::outbound::aws
