// One poller of one Step Functions activity: GetActivityTask, make the task, ask again.
//
// Step Functions hands a task out once. So a task in hand is kept until the broker takes it, however full that is; one
// of which no task can ever be made is failed there (error TokenBroker.NotRegistered), because otherwise its execution
// would wait for nothing; and a question is hung up on only when the broker ends.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "server/config/intake.h"
#include "server/intake/aws_service.h"
#include "server/intake/pace.h"
#include "server/intake/poller.h"
#include "server/intake/registrar.h"
#include "server/intake/task_mapping.h"

namespace tokenbroker::intake {

class ActivityPoller : public Poller {
 public:
  // All must outlive the poller.
  struct Parts {
    const Surroundings& surroundings;
    const ActivityIntake& config;
    const TaskMapping& mapping;
    AwsService& step_functions;
    Registrar& registrar;
    IntakeMetrics& metrics;
  };

  explicit ActivityPoller(const Parts& parts) : parts_(parts), pace_(parts.surroundings, parts.registrar) {}

  void Start() override { Poll(); }
  void Stop() override { stopping_ = true; }
  void Close() override { closed_ = true; }

 private:
  void Poll();
  void PollAfter(DurationMs wait);
  void OnAnswer(const outbound::aws::JsonAnswer& answer);
  void Take(const std::string& token, const std::string& input);
  void OnRegistered(const std::string& token, const Registration& registration);
  void Fail(const std::string& token, const std::string& why, int attempt = 1);
  void Finish();

  const Parts parts_;
  Pace pace_;
  bool stopping_ = false;
  bool closed_ = false;
};

// What GetActivityTask answers; no token: there is no task. Pure.
struct ActivityTask {
  std::string token;
  std::string input;
};
std::optional<ActivityTask> ReadActivityTask(std::string_view body);

}  // namespace tokenbroker::intake
