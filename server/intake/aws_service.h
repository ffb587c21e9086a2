// The AWS services that intakes call, and how often a call that failed is worth repeating at once.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/config/intake.h"
#include "server/intake/metrics.h"
#include "server/outbound/aws/json_client.h"
#include "server/outbound/aws/surroundings.h"

namespace tokenbroker::intake {

// One service for one intake. Not thread-safe.
class AwsService {
 public:
  using Done = std::function<void(outbound::aws::JsonAnswer)>;

  AwsService(std::string intake, std::unique_ptr<outbound::aws::JsonClient> client, const Clock& clock,
             IntakeMetrics& metrics);

  // Sends once more at once if what was refused is mended by then (other credentials, the clock). Counts and logs what
  // fails then, without anything of what was sent.
  void Call(std::string_view operation, std::string body, Done done);

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

// Makes them; who has the same profile and role shares credentials. Only while intakes are made.
class AwsServices {
 public:
  explicit AwsServices(outbound::aws::SurroundingsPtr surroundings) : surroundings_(std::move(surroundings)) {}

  // INVALID_ARGUMENT names the setting that is needed. `metrics` must outlive the service.
  absl::StatusOr<std::unique_ptr<AwsService>> StepFunctions(const ActivityIntake& intake, IntakeMetrics& metrics);
  absl::StatusOr<std::unique_ptr<AwsService>> Sqs(const QueueIntake& intake, IntakeMetrics& metrics);

 private:
  std::unique_ptr<AwsService> Make(const std::string& intake, outbound::aws::JsonClientOptions options,
                                   const AwsAccess& access, IntakeMetrics& metrics);
  std::shared_ptr<outbound::aws::CachedCredentials> CredentialsOf(const AwsAccess& access, const std::string& region);

  const outbound::aws::SurroundingsPtr surroundings_;
  std::map<std::vector<std::string>, std::shared_ptr<outbound::aws::CachedCredentials>> credentials_;
};

}  // namespace tokenbroker::intake
