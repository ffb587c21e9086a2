// What intakes are told: where tokens come in, and how a task is made of what comes. docs/intakes.md shows all of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"

namespace tokenbroker {

// How a task is made. A text that begins with '$' is a JSON path into the message (base/json_path.h); where a path is
// not the only choice, any other text is meant as it stands.
struct IntakeTask {
  std::string name_space;
  // Empty: none, await or watch.
  std::string target;
  // A path; that of the upstream token. Empty for activities, whose tokens come beside the message.
  std::string token;
  // Paths; empty: none.
  std::string key;
  std::string attempt;
  // A path; empty: the intake's own choice.
  std::string input;
  // Paths or texts.
  std::string summary;
  std::map<std::string, std::string> labels;
  // Paths, which lead to seconds or a duration, or durations; empty: as for every task.
  std::string timeout;
  std::string heartbeat_timeout;

  friend bool operator==(const IntakeTask&, const IntakeTask&) = default;
};

// As whom and where AWS is called. All of it may be empty: as AWS's own tools would.
struct AwsAccess {
  std::string region;
  std::string endpoint;
  // Of the shared files; empty: the standard chain.
  std::string profile;
  // A role to assume.
  std::string role_arn;
  std::string external_id;

  friend bool operator==(const AwsAccess&, const AwsAccess&) = default;
};

// A Step Functions activity that is polled.
struct ActivityIntake {
  // Who registers the tasks: "intake:<name>". The same for the other intakes.
  std::string name;
  std::string arn;
  int64_t pollers = 1;
  AwsAccess aws;
  IntakeTask task;

  friend bool operator==(const ActivityIntake&, const ActivityIntake&) = default;
};

// An SQS queue that states with .waitForTaskToken send to.
struct QueueIntake {
  std::string name;
  std::string url;
  // Where messages go that no task can be made of; empty: they stay, for the queue's own redrive policy.
  std::string dead_letter_url;
  int64_t pollers = 1;
  DurationMs visibility_timeout = 30'000;
  AwsAccess aws;
  IntakeTask task;

  friend bool operator==(const QueueIntake&, const QueueIntake&) = default;
};

// Events of one source and type, POSTed to task.name_space.
struct EventIntake {
  std::string name;
  std::string source;
  std::string detail_type;
  IntakeTask task;

  friend bool operator==(const EventIntake&, const EventIntake&) = default;
};

struct IntakeConfig {
  std::vector<ActivityIntake> activities;
  std::vector<QueueIntake> queues;
  std::vector<EventIntake> events;
};

}  // namespace tokenbroker
