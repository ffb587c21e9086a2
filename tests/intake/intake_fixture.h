// Intakes over a whole broker and an AWS in memory, on one thread and a clock that moves when a test says so.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "server/calls/authenticator.h"
#include "server/intake/intakes.h"
#include "tests/intake/fake_aws.h"
#include "tests/testing/broker_harness.h"

namespace tokenbroker::intake {

using broker::Millis;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;

class IntakeFixture : public testing::Test {
 protected:
  explicit IntakeFixture(broker::Settings settings = {}) : broker_(settings), aws_(broker_.clock()) {
    http_.answer = [this](const outbound::HttpRequest& request) { return aws_.Answer(request); };
  }

  static QueueIntake Queue() {
    QueueIntake queue;
    queue.name = "callbacks";
    queue.url = "https://sqs.eu-west-1.amazonaws.com/1/callbacks";
    queue.dead_letter_url = "https://sqs.eu-west-1.amazonaws.com/1/dead";
    queue.task.name_space = "orders";
    queue.task.token = "$.TaskToken";
    queue.task.key = "$.orderId";
    queue.task.timeout = "1d";
    return queue;
  }
  static ActivityIntake Activity() {
    ActivityIntake activity;
    activity.name = "review";
    activity.arn = "arn:aws:states:eu-west-1:123456789012:activity:review";
    activity.task.name_space = "orders";
    activity.task.key = "$.orderId";
    activity.task.timeout = "1d";
    return activity;
  }
  static std::string Body(const std::string& token, const std::string& key) {
    return Json{{"TaskToken", token}, {"orderId", key}}.dump();
  }

  void Start(const IntakeConfig& config) {
    timers_ = std::make_unique<outbound::ManualTimers>(broker_.clock());
    registry_ = std::make_unique<MetricsRegistry>();
    metrics_ = std::make_unique<BrokerMetrics>(*registry_);
    auto aws = std::make_shared<const outbound::aws::Surroundings>(outbound::aws::Surroundings{
        [this](std::string_view name) { return variables_[std::string(name)]; },
        [](const std::string&) -> absl::StatusOr<std::string> { return absl::NotFoundError("no files"); }, http_,
        broker_.clock()});
    auto intakes = Intakes::Make(
        config, {{broker_.broker(), authenticator_, *metrics_}, *timers_, broker_.clock(), aws, *registry_, [] {
                   return 0.5;
                 }});
    ASSERT_TRUE(intakes.ok()) << intakes.status();
    intakes_ = *std::move(intakes);
    intakes_->Start();
    Run();
  }
  void StartQueue(const QueueIntake& queue = Queue()) { Start({.queues = {queue}}); }
  void StartActivity(const ActivityIntake& activity = Activity()) { Start({.activities = {activity}}); }

  // As kill -9 does it; the disk and the AWS stay.
  void Crash() {
    timers_.reset();
    intakes_.reset();
    http_.parked.clear();
    broker_.Crash();
  }

  // Until nothing moves that needs no time.
  void Run() {
    for (int i = 0; i < 30; ++i) {
      broker_.Run();
      timers_->Advance(0);
    }
  }
  void Advance(Millis time) {
    constexpr Millis kStep = 100ms;
    for (Millis passed = 0ms; passed < time; passed += kStep) {
      timers_->Advance(kStep.count());
      Run();
    }
  }

  size_t tasks() { return broker_.List().size(); }
  broker::Seen Task(const std::string& key) { return broker_.Get(broker::Ref::Key(key)); }

  // "registered 1, replayed 0, bad 0, returned 0"
  std::string Counts(const std::string& intake = "callbacks") const {
    std::string text;
    for (const char* result : {"registered", "replayed", "bad", "returned"}) {
      const std::string line = "tokenbroker_intake_tasks_total{intake=\"" + intake + "\",result=\"" + result + "\"} ";
      text += (text.empty() ? "" : ", ") + std::string(result) + " " + Sample(line);
    }
    return text;
  }
  std::string Sample(const std::string& line) const {
    const std::string all = registry_->Render(Exposition::kPrometheus);
    const size_t at = all.find("\n" + line);
    if (at == std::string::npos) return "?";
    const size_t begin = at + 1 + line.size();
    return all.substr(begin, all.find('\n', begin) - begin);
  }

  broker::BrokerHarness broker_;
  FakeAws aws_;
  outbound::FakeHttp http_;
  std::map<std::string, std::string> variables_{{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "secret"}};
  calls::Authenticator authenticator_{AuthConfig()};
  std::unique_ptr<MetricsRegistry> registry_;
  std::unique_ptr<BrokerMetrics> metrics_;
  std::unique_ptr<outbound::ManualTimers> timers_;
  std::unique_ptr<Intakes> intakes_;
};

}  // namespace tokenbroker::intake
