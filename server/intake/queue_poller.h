// One poller of one SQS queue: receives up to ten messages, makes their tasks, deletes those that are stored, and
// receives again.
//
//   stored, or stored before    deleted
//   bad                         sent to the dead-letter queue with the reason, then deleted; without one, it stays
//   broker full                 kept hidden, and tried again when the broker wants it
//   died on the way             becomes visible again, and makes the same task
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/config/intake.h"
#include "server/intake/aws_service.h"
#include "server/intake/pace.h"
#include "server/intake/poller.h"
#include "server/intake/registrar.h"
#include "server/intake/sqs_messages.h"
#include "server/intake/task_mapping.h"

namespace tokenbroker::intake {

class QueuePoller : public Poller {
 public:
  // All must outlive the poller.
  struct Parts {
    const Surroundings& surroundings;
    const QueueIntake& config;
    const TaskMapping& mapping;
    AwsService& sqs;
    Registrar& registrar;
    IntakeMetrics& metrics;
  };

  explicit QueuePoller(const Parts& parts) : parts_(parts), pace_(parts.surroundings, parts.registrar) {}

  void Start() override { Poll(); }
  void Stop() override { stopping_ = true; }
  void Close() override { closed_ = true; }

 private:
  struct Hand;
  using HandPtr = std::shared_ptr<Hand>;

  void Poll();
  void PollAfter(DurationMs wait);
  void OnReceived(const outbound::aws::JsonAnswer& answer);
  void Take(std::vector<SqsMessage> messages);
  void Register(const HandPtr& hand);
  void OnWait(Hand& hand, const std::vector<size_t>& places, DurationMs wait);
  void OnRegistered(const HandPtr& hand, const std::vector<Registration>& registrations);
  // Sends the next bad one to the dead-letter queue; behind the last one, deletes.
  void Bury(const HandPtr& hand);
  void Delete(const HandPtr& hand);
  void Finish();
  // Hides messages for so long; 0: others may have them at once.
  void Hide(const std::vector<std::string>& receipt_handles, DurationMs visibility);

  const Parts parts_;
  Pace pace_;
  int max_messages_ = kMaxMessages;
  bool stopping_ = false;
  bool closed_ = false;
};

}  // namespace tokenbroker::intake
