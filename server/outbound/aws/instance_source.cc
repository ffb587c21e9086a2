#include "server/outbound/aws/instance_source.h"

#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "server/outbound/aws/credentials_text.h"

namespace tokenbroker::outbound::aws {
namespace {

constexpr char kRoles[] = "/latest/meta-data/iam/security-credentials/";
// It stands on the machine itself; where there is none, nobody should wait for it.
constexpr DurationMs kTimeout = 1'000;

// A session token, then the role's name, then its credentials.
class Lookup : public std::enable_shared_from_this<Lookup> {
 public:
  Lookup(SurroundingsPtr surroundings, CredentialsDone done)
      : surroundings_(std::move(surroundings)), done_(std::move(done)) {}

  void Start() {
    endpoint_ = surroundings_->variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    if (endpoint_.empty()) endpoint_ = "http://169.254.169.254";
    endpoint_ = std::string(absl::StripSuffix(endpoint_, "/"));
    Ask("PUT", "/latest/api/token", {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}}, &Lookup::OnToken);
  }

 private:
  using Next = void (Lookup::*)(const HttpResult&);

  void Ask(const char* method, const std::string& path, HttpHeaders headers, Next next) {
    surroundings_->http.Send({.method = method,
                              .url = endpoint_ + path,
                              .headers = std::move(headers),
                              .connect_timeout = kTimeout,
                              .timeout = kTimeout},
                             [self = shared_from_this(), next](const HttpResult& result) { (*self.*next)(result); });
  }

  void OnToken(const HttpResult& result) {
    if (!result.answered() || result.response.status != 200) {
      return done_(absl::NotFoundError("there is no instance metadata service"));
    }
    token_ = {{"X-aws-ec2-metadata-token", result.response.body}};
    Ask("GET", kRoles, token_, &Lookup::OnRole);
  }

  void OnRole(const HttpResult& result) {
    if (result.answered() && result.response.status == 404) {
      return done_(absl::NotFoundError("the instance has no role"));
    }
    if (!result.answered() || result.response.status != 200) {
      return done_(EndpointError("instance metadata", result, ""));
    }
    const std::string& list = result.response.body;
    const std::string role(absl::StripAsciiWhitespace(list.substr(0, list.find('\n'))));
    if (role.empty()) return done_(absl::NotFoundError("the instance has no role"));
    Ask("GET", kRoles + role, token_, &Lookup::OnCredentials);
  }

  void OnCredentials(const HttpResult& result) {
    if (!result.answered() || result.response.status != 200) {
      return done_(EndpointError("instance metadata", result, ""));
    }
    done_(ReadContainerCredentials(result.response.body));
  }

  const SurroundingsPtr surroundings_;
  const CredentialsDone done_;
  std::string endpoint_;
  HttpHeaders token_;
};

}  // namespace

CredentialsSource FromInstance(SurroundingsPtr surroundings) {
  return [surroundings = std::move(surroundings)](CredentialsDone done) {
    if (absl::AsciiStrToLower(surroundings->variable("AWS_EC2_METADATA_DISABLED")) == "true") {
      return done(absl::NotFoundError("AWS_EC2_METADATA_DISABLED is true"));
    }
    std::make_shared<Lookup>(surroundings, std::move(done))->Start();
  };
}

}  // namespace tokenbroker::outbound::aws
