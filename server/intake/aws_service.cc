#include "server/intake/aws_service.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "server/outbound/aws/chain.h"
#include "server/outbound/aws/endpoint.h"
#include "server/outbound/aws/shared_config.h"
#include "server/outbound/aws/sts_source.h"
#include "server/outbound/url.h"
#include "server/telemetry/log.h"

namespace tokenbroker::intake {
namespace {

namespace aws = outbound::aws;

// GetActivityTask is held for 60 seconds; a client that hangs up before loses the task that it is just being given.
constexpr DurationMs kActivityTimeout = 75'000;
// ReceiveMessage is held for 20.
constexpr DurationMs kQueueTimeout = 40'000;
// 256 KiB of input, every character of which may be escaped as six.
constexpr size_t kMaxActivityAnswer = size_t{4} << 20;
// One message of 1 MiB, escaped likewise, and some.
constexpr size_t kMaxQueueAnswer = size_t{16} << 20;
constexpr DurationMs kLogInterval = 30'000;

absl::string_view Text(std::string_view text) { return {text.data(), text.size()}; }

// "eu-west-1" of sqs.eu-west-1.amazonaws.com and eu-west-1.queue.amazonaws.com.
std::string RegionOfHost(std::string_view host) {
  const std::vector<std::string> parts = absl::StrSplit(Text(host), '.');
  if (parts.size() < 4 || !absl::StrContains(Text(host), "amazonaws.com")) return "";
  if (parts[0] == "sqs") return parts[1];
  return parts[1] == "queue" ? parts[0] : "";
}

// What went wrong, without AWS's own words: they may quote what was sent.
std::string WhyOf(const aws::JsonAnswer& answer) {
  if (!answer.prepared.ok()) return std::string(answer.prepared.message());
  if (!answer.http.answered()) return answer.http.message;
  return answer.code.empty() ? absl::StrCat("HTTP ", answer.http.response.status) : answer.code;
}

}  // namespace

struct AwsService::State {
  std::string intake;
  std::unique_ptr<aws::JsonClient> client;
  const Clock& clock;
  IntakeMetrics& metrics;
  LimitedLog log{kLogInterval};

  void Failed(std::string_view operation, const aws::JsonAnswer& answer) {
    // The client is being closed: that is no trouble of AWS's.
    if (answer.http.failure == outbound::HttpResult::Failure::kClosed) return;
    metrics.failed_calls.Increment();
    log.Write(clock.Now(), Level::kWarning, "intake_call_failed",
              {{"intake", intake}, {"operation", operation}, {"msg", WhyOf(answer)}});
  }
};

AwsService::AwsService(std::string intake, std::unique_ptr<aws::JsonClient> client, const Clock& clock,
                       IntakeMetrics& metrics)
    : state_(new State{std::move(intake), std::move(client), clock, metrics}) {}

void AwsService::Call(std::string_view operation, std::string body, Done done) {
  state_->client->Call(operation, body,
                       [state = state_, operation = std::string(operation), body,
                        done = std::move(done)](aws::JsonAnswer answer) mutable {
                         if (answer.ok() || !answer.mended) {
                           if (!answer.ok()) state->Failed(operation, answer);
                           return done(std::move(answer));
                         }
                         state->client->Call(operation, std::move(body),
                                             [state, operation, done](aws::JsonAnswer again) {
                                               if (!again.ok()) state->Failed(operation, again);
                                               done(std::move(again));
                                             });
                       });
}

absl::StatusOr<std::unique_ptr<AwsService>> AwsServices::StepFunctions(const ActivityIntake& intake,
                                                                       IntakeMetrics& metrics) {
  aws::JsonClientOptions options{.service = "states", .target_prefix = "AWSStepFunctions"};
  const std::vector<std::string> arn = absl::StrSplit(intake.arn, ':');
  if (arn.size() < 5) return absl::InvalidArgumentError("arn is none of an activity");
  options.region = intake.aws.region.empty() ? arn[3] : intake.aws.region;
  options.endpoint = intake.aws.endpoint;
  if (options.endpoint.empty()) options.endpoint = aws::EndpointOf(*surroundings_, "SFN", "states", options.region);
  options.timeout = kActivityTimeout;
  options.max_answer_bytes = kMaxActivityAnswer;
  return Make(intake.name, std::move(options), intake.aws, metrics);
}

absl::StatusOr<std::unique_ptr<AwsService>> AwsServices::Sqs(const QueueIntake& intake, IntakeMetrics& metrics) {
  TB_ASSIGN_OR_RETURN(const outbound::Url url, outbound::ParseUrl(intake.url));
  aws::JsonClientOptions options{.service = "sqs", .target_prefix = "AmazonSQS"};
  options.region = intake.aws.region.empty() ? RegionOfHost(url.host) : intake.aws.region;
  if (options.region.empty()) options.region = aws::RegionOf(*surroundings_, intake.aws.profile);
  if (options.region.empty()) {
    return absl::InvalidArgumentError("region must be set: neither the url nor the environment names one");
  }
  options.endpoint = intake.aws.endpoint;
  if (options.endpoint.empty()) options.endpoint = absl::StrCat(url.tls ? "https://" : "http://", url.authority);
  options.timeout = kQueueTimeout;
  options.max_answer_bytes = kMaxQueueAnswer;
  return Make(intake.name, std::move(options), intake.aws, metrics);
}

std::unique_ptr<AwsService> AwsServices::Make(const std::string& intake, aws::JsonClientOptions options,
                                              const AwsAccess& access, IntakeMetrics& metrics) {
  auto credentials = CredentialsOf(access, options.region);
  auto client = std::make_unique<aws::JsonClient>(std::move(options), surroundings_->http, std::move(credentials),
                                                  surroundings_->clock);
  return std::make_unique<AwsService>(intake, std::move(client), surroundings_->clock, metrics);
}

std::shared_ptr<aws::CachedCredentials> AwsServices::CredentialsOf(const AwsAccess& access, const std::string& region) {
  auto& credentials = credentials_[{access.profile, access.role_arn, access.external_id, region}];
  if (credentials != nullptr) return credentials;
  aws::CredentialsSource source = aws::StandardChain(surroundings_, access.profile, region);
  if (!access.role_arn.empty()) {
    source = aws::FromRole(surroundings_, std::move(source),
                           {.arn = access.role_arn, .external_id = access.external_id, .region = region});
  }
  credentials = std::make_shared<aws::CachedCredentials>(std::move(source), surroundings_->clock);
  return credentials;
}

}  // namespace tokenbroker::intake
