#include "server/outbound/aws/json_client.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/outbound/aws/credentials_text.h"
#include "server/outbound/aws/signer.h"

namespace tokenbroker::outbound::aws {
namespace {

// AWS takes signatures that are 15 minutes old; what is less than this is no skew but a slow way.
constexpr DurationMs kSkew = 4 * 60'000;

absl::string_view Text(std::string_view text) { return {text.data(), text.size()}; }

// "com.amazonaws.swf.service.v2.model#TaskTimedOut:http://..." -> "TaskTimedOut"
std::string ShortName(std::string_view type) {
  type = type.substr(0, type.find(':'));
  const size_t hash = type.rfind('#');
  return std::string(hash == std::string_view::npos ? type : type.substr(hash + 1));
}

bool IsAboutCredentials(std::string_view code) {
  constexpr std::string_view kCodes[] = {"ExpiredTokenException",       "ExpiredToken",         "TokenRefreshRequired",
                                         "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId"};
  return std::find(std::begin(kCodes), std::end(kCodes), code) != std::end(kCodes);
}

bool IsAboutTime(const JsonAnswer& answer) {
  if (answer.code == "RequestTimeTooSkewed" || answer.code == "RequestExpired" || answer.code == "RequestInTheFuture") {
    return true;
  }
  return answer.code == "InvalidSignatureException" && (absl::StrContains(answer.message, "Signature expired") ||
                                                        absl::StrContains(answer.message, "not yet current"));
}

void ReadError(const Credentials& used, JsonAnswer& answer) {
  const HttpResponse& response = answer.http.response;
  std::string type(response.Header("x-amzn-errortype"));
  if (type.empty()) type = JsonText(response.body, "__type");
  answer.code = ShortName(type);
  for (const char* name : {"message", "Message"}) {
    if (answer.message.empty()) answer.message = JsonText(response.body, name);
  }
  // Behind the first line a refused signature shows the request's headers.
  answer.message = answer.message.substr(0, answer.message.find('\n'));
  for (const std::string* secret : {&used.session_token, &used.secret_access_key, &used.access_key_id}) {
    if (!secret->empty()) answer.message = absl::StrReplaceAll(answer.message, {{*secret, "..."}});
  }
}

}  // namespace

struct JsonClient::State : std::enable_shared_from_this<State> {
  State(JsonClientOptions the_options, HttpClient& the_http, std::shared_ptr<CachedCredentials> the_credentials,
        const Clock& the_clock)
      : options(std::move(the_options)),
        signer(options.service, options.region),
        http(the_http),
        credentials(std::move(the_credentials)),
        clock(the_clock) {}

  HttpRequest RequestOf(std::string_view operation, std::string body) const {
    return {.url = absl::StrCat(options.endpoint, absl::EndsWith(options.endpoint, "/") ? "" : "/"),
            .headers = {{"Content-Type", "application/x-amz-json-1.0"},
                        {"X-Amz-Target", absl::StrCat(options.target_prefix, ".", Text(operation))}},
            .body = std::move(body),
            .timeout = options.timeout,
            .max_answer_bytes = options.max_answer_bytes};
  }

  void Send(HttpRequest request, const Credentials& used, Done done) {
    const absl::Status signed_well = signer.Sign(used, clock.Now() + skew.load(), request);
    if (!signed_well.ok()) return done({.prepared = signed_well});
    http.Send(std::move(request), [self = shared_from_this(), used, done = std::move(done)](HttpResult result) {
      JsonAnswer answer;
      answer.http = std::move(result);
      if (answer.http.answered() && answer.http.response.status != 200) self->OnError(used, answer);
      done(std::move(answer));
    });
  }

  void OnError(const Credentials& used, JsonAnswer& answer) {
    ReadError(used, answer);
    if (IsAboutCredentials(answer.code)) answer.mended = credentials->Reject(used);
    if (IsAboutTime(answer)) answer.mended = LearnSkew(answer.http.response);
  }

  // True if AWS's time was not what we had thought.
  bool LearnSkew(const HttpResponse& response) {
    const TimeMs theirs = ParseHttpDate(response.Header("date"));
    if (theirs == 0) return false;
    const DurationMs found = theirs - clock.Now();
    const DurationMs before = skew.exchange(found);
    return std::abs(found - before) >= kSkew;
  }

  const JsonClientOptions options;
  const Signer signer;
  HttpClient& http;
  const std::shared_ptr<CachedCredentials> credentials;
  const Clock& clock;
  // AWS's time minus ours.
  std::atomic<DurationMs> skew{0};
};

JsonClient::JsonClient(JsonClientOptions options, HttpClient& http, std::shared_ptr<CachedCredentials> credentials,
                       const Clock& clock)
    : state_(std::make_shared<State>(std::move(options), http, std::move(credentials), clock)) {}

void JsonClient::Call(std::string_view operation, std::string body, Done done) {
  HttpRequest request = state_->RequestOf(operation, std::move(body));
  state_->credentials->Get([state = state_, request = std::move(request),
                            done = std::move(done)](absl::StatusOr<Credentials> credentials) mutable {
    if (!credentials.ok()) return done({.prepared = credentials.status()});
    state->Send(std::move(request), *credentials, std::move(done));
  });
}

}  // namespace tokenbroker::outbound::aws
