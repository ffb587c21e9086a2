#include "server/intake/intakes.h"

#include <algorithm>
#include <future>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "server/calls/authenticator.h"
#include "server/intake/activity_poller.h"
#include "server/intake/aws_service.h"
#include "server/intake/metrics.h"
#include "server/intake/queue_poller.h"
#include "server/intake/registrar.h"
#include "server/intake/task_mapping.h"
#include "server/intake/timer_home.h"

namespace tokenbroker::intake {
namespace {

// One intake: what its pollers share, and they.
struct Intake {
  Intake(const Surroundings& surroundings, MetricsRegistry& registry, const std::string& name, const IntakeTask& task,
         TaskMapping the_mapping)
      : metrics(registry, name),
        principal(calls::MakePrincipal("intake:" + name, {{task.name_space, kIssue}})),
        mapping(std::move(the_mapping)),
        registrar(surroundings, principal, metrics) {}

  IntakeMetrics metrics;
  const broker::Principal principal;
  const TaskMapping mapping;
  Registrar registrar;
  std::unique_ptr<AwsService> service;
  std::vector<std::unique_ptr<Poller>> pollers;
};

constexpr char kActivities[] = "intake.activities";
constexpr char kQueues[] = "intake.queues";

absl::Status Named(const char* list, const std::string& name, const absl::Status& status) {
  return absl::InvalidArgumentError(absl::StrCat(list, ": '", name, "': ", status.message()));
}

// Besides what is configured: which activity it was.
IntakeTask WithArnLabels(const ActivityIntake& intake) {
  IntakeTask task = intake.task;
  const std::vector<std::string> arn = absl::StrSplit(intake.arn, ':');
  if (arn.size() != 7) return task;
  task.labels.emplace("region", arn[3]);
  task.labels.emplace("account", arn[4]);
  task.labels.emplace("activity", arn[6]);
  return task;
}

absl::StatusOr<TaskMapping> MappingOf(const ActivityIntake& activity) {
  return TaskMapping::Make(WithArnLabels(activity), "$");
}

absl::StatusOr<TaskMapping> MappingOf(const QueueIntake& queue) { return TaskMapping::Make(queue.task, "$"); }

}  // namespace

struct Intakes::Impl {
  Impl(const IntakeConfig& the_config, Parts the_parts)
      : config(the_config),
        parts(std::move(the_parts)),
        home(parts.timers),
        surroundings{parts.door, parts.timers, parts.clock, parts.random, home, calls, hands},
        services(parts.aws) {}

  absl::Status Add(const ActivityIntake& activity) {
    absl::StatusOr<TaskMapping> mapping = MappingOf(activity);
    if (!mapping.ok()) return Named(kActivities, activity.name, mapping.status());
    Intake& intake = *intakes.emplace_back(
        std::make_unique<Intake>(surroundings, parts.registry, activity.name, activity.task, *std::move(mapping)));
    auto service = services.StepFunctions(activity, intake.metrics);
    if (!service.ok()) return Named(kActivities, activity.name, service.status());
    intake.service = *std::move(service);
    const ActivityPoller::Parts poller{surroundings,    activity,         intake.mapping,
                                       *intake.service, intake.registrar, intake.metrics};
    for (int i = 0; i < activity.pollers; ++i) intake.pollers.push_back(std::make_unique<ActivityPoller>(poller));
    return absl::OkStatus();
  }

  absl::Status Add(const QueueIntake& queue) {
    absl::StatusOr<TaskMapping> mapping = MappingOf(queue);
    if (!mapping.ok()) return Named(kQueues, queue.name, mapping.status());
    Intake& intake = *intakes.emplace_back(
        std::make_unique<Intake>(surroundings, parts.registry, queue.name, queue.task, *std::move(mapping)));
    auto service = services.Sqs(queue, intake.metrics);
    if (!service.ok()) return Named(kQueues, queue.name, service.status());
    intake.service = *std::move(service);
    const QueuePoller::Parts poller{surroundings,     queue,         intake.mapping, *intake.service,
                                    intake.registrar, intake.metrics};
    for (int i = 0; i < queue.pollers; ++i) intake.pollers.push_back(std::make_unique<QueuePoller>(poller));
    return absl::OkStatus();
  }

  // On the intakes' thread.
  template <typename Do>
  void ForEachPoller(Do each) {
    for (const auto& intake : intakes) {
      for (const auto& poller : intake->pollers) each(*poller);
    }
  }

  const IntakeConfig config;
  const Parts parts;
  TimerHome home;
  Workload calls;
  Workload hands;
  const Surroundings surroundings;
  AwsServices services;
  std::vector<std::unique_ptr<Intake>> intakes;
};

Intakes::Intakes(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Intakes::~Intakes() = default;

absl::Status Intakes::Check(const IntakeConfig& config, const outbound::aws::SurroundingsPtr& aws) {
  MetricsRegistry registry;
  AwsServices services(aws);
  std::vector<std::string> wrong;
  const auto note = [&](const char* list, const std::string& name, const absl::Status& status) {
    if (!status.ok()) wrong.emplace_back(Named(list, name, status).message());
  };
  for (const ActivityIntake& activity : config.activities) {
    IntakeMetrics metrics(registry, activity.name);
    note(kActivities, activity.name, MappingOf(activity).status());
    note(kActivities, activity.name, services.StepFunctions(activity, metrics).status());
  }
  for (const QueueIntake& queue : config.queues) {
    IntakeMetrics metrics(registry, queue.name);
    note(kQueues, queue.name, MappingOf(queue).status());
    note(kQueues, queue.name, services.Sqs(queue, metrics).status());
  }
  return wrong.empty() ? absl::OkStatus() : absl::InvalidArgumentError(absl::StrJoin(wrong, "\n"));
}

absl::StatusOr<std::unique_ptr<Intakes>> Intakes::Make(const IntakeConfig& config, Parts parts) {
  auto impl = std::make_unique<Impl>(config, std::move(parts));
  for (const ActivityIntake& activity : impl->config.activities) TB_RETURN_IF_ERROR(impl->Add(activity));
  for (const QueueIntake& queue : impl->config.queues) TB_RETURN_IF_ERROR(impl->Add(queue));
  return std::unique_ptr<Intakes>(new Intakes(std::move(impl)));
}

void Intakes::Start() {
  impl_->parts.timers.After(0, [this] { impl_->ForEachPoller([](Poller& poller) { poller.Start(); }); });
}

void Intakes::Drain() {
  impl_->parts.timers.After(0, [this] {
    impl_->ForEachPoller([](Poller& poller) { poller.Stop(); });
    for (const auto& intake : impl_->intakes) intake->registrar.GiveUp();
  });
}

void Intakes::Finish(DurationMs timeout) {
  // Behind Drain's job: what it tries once more is in hand still.
  impl_->hands.WaitFor(timeout);
  std::promise<void> closed;
  impl_->parts.timers.After(0, [this, &closed] {
    impl_->ForEachPoller([](Poller& poller) { poller.Close(); });
    closed.set_value();
  });
  closed.get_future().wait();
  impl_->calls.Wait();
}

int Intakes::in_hand() const { return impl_->hands.in_hand(); }

}  // namespace tokenbroker::intake
