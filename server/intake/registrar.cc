#include "server/intake/registrar.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/system_clock.h"
#include "server/broker/reason.h"
#include "server/calls/convert.h"
#include "server/calls/task_calls.h"

namespace tokenbroker::intake {
namespace {

using Result = Registration::Result;

// Whether the same may be taken later.
bool IsForNow(const pb::ItemError& error) {
  using broker::Reason;
  switch (static_cast<Reason>(error.reason())) {
    case Reason::kOverloaded:
    case Reason::kNamespaceLimit:
    case Reason::kDiskFull:
    case Reason::kDraining:
    case Reason::kInternal:
      return true;
    default:
      return false;
  }
}

std::string WhyOf(const pb::ItemError& error) {
  return absl::StrCat(broker::InfoOf(static_cast<broker::Reason>(error.reason())).name, ": ", error.message());
}

}  // namespace

// Tasks that came together. One call at a time, for those that are not decided.
class Registrar::Batch final : private calls::Reply {
 public:
  Batch(Tasks the_tasks, OnWait the_on_wait, Done the_done)
      : tasks(std::move(the_tasks)),
        on_wait(std::move(the_on_wait)),
        done(std::move(the_done)),
        registrations(tasks.size()) {
    for (size_t i = 0; i < tasks.size(); ++i) open.push_back(i);
  }

  // `answered` is called later.
  void Call(const calls::Door& door, const broker::Principal& principal, Home& home, std::function<void()> answered) {
    answered_ = std::move(answered);
    began_ = ElapsedMicros();
    call_.reset();
    arena_.Reset();
    call_ = std::make_unique<calls::BatchIssueTasksCall>(calls::Call::Parts{door, principal, home, *this, arena_});
    metrics_ = &door.metrics;
    auto& request = static_cast<pb::BatchIssueTasksRequest&>(call_->request_message());
    for (const size_t place : open) *request.add_items() = tasks[place];
    static_cast<calls::Call&>(*call_).Begin();
  }

  const pb::BatchIssueTasksResponse& response() const {
    return static_cast<const pb::BatchIssueTasksResponse&>(call_->response_message());
  }

  const Tasks tasks;
  const OnWait on_wait;
  const Done done;
  std::vector<Registration> registrations;
  // The places of those that are not decided.
  std::vector<size_t> open;
  int refusals = 0;
  bool waits = false;

 private:
  void End(int code) {
    metrics_->rpc("TaskService/BatchIssueTasks").OnDone(code, static_cast<double>(ElapsedMicros() - began_) * 1e-6);
    const auto answered = std::move(answered_);
    answered();
  }
  void OnAnswered() override { End(0); }
  // Only for a batch that is too large, or a right that no configuration can take away.
  void OnRefused(const calls::Refused& refused) override {
    End(static_cast<int>(broker::InfoOf(refused.refusal.reason).code));
  }
  void OnAbandoned() override { End(0); }

  google::protobuf::Arena arena_;
  std::unique_ptr<calls::BatchIssueTasksCall> call_;
  BrokerMetrics* metrics_ = nullptr;
  std::function<void()> answered_;
  int64_t began_ = 0;
};

void Registrar::Register(Tasks tasks, OnWait on_wait, Done done) {
  Try(std::make_shared<Batch>(std::move(tasks), std::move(on_wait), std::move(done)));
}

void Registrar::Try(std::shared_ptr<Batch> batch) {
  surroundings_.calls.Begin();
  Batch& started = *batch;
  started.Call(surroundings_.door, principal_, surroundings_.home, [this, batch = std::move(batch)] {
    Judge(batch);
    surroundings_.calls.End();
  });
}

void Registrar::Judge(const std::shared_ptr<Batch>& batch) {
  const std::vector<size_t> asked = std::exchange(batch->open, {});
  const pb::BatchIssueTasksResponse& response = batch->response();
  DurationMs retry_after = 0;
  for (int i = 0; i < static_cast<int>(asked.size()); ++i) {
    Registration& registration = batch->registrations[asked[i]];
    if (i < response.items_size() && response.items(i).has_issued()) {
      const pb::IssueTaskResponse& issued = response.items(i).issued();
      registration = {issued.replayed() ? Result::kReplayed : Result::kRegistered, issued.task_id(), ""};
    } else if (i < response.items_size() && !IsForNow(response.items(i).error())) {
      registration = {Result::kBad, "", WhyOf(response.items(i).error())};
    } else if (i < response.items_size()) {
      const pb::ItemError& error = response.items(i).error();
      registration.why = WhyOf(error);
      retry_after = std::max(retry_after, calls::ParseDuration(error.retry_after()).value_or(0));
      batch->open.push_back(asked[i]);
    }
  }
  if (batch->open.empty() || giving_up_) return Finish(*batch);
  Wait(batch, retry_after);
}

void Registrar::Wait(const std::shared_ptr<Batch>& batch, DurationMs asked_for) {
  const DurationMs wait = std::max(asked_for, surroundings_.WaitAfter(++batch->refusals));
  closed_until_ = std::max(closed_until_, surroundings_.clock.Now() + wait);
  batch->waits = true;
  waiting_.push_back(batch);
  metrics_.holding_back.Set(static_cast<int64_t>(waiting_.size()));
  batch->on_wait(batch->open, wait);
  surroundings_.timers.After(wait, [this, batch] {
    if (!std::exchange(batch->waits, false)) return;
    std::erase(waiting_, batch);
    metrics_.holding_back.Set(static_cast<int64_t>(waiting_.size()));
    Try(batch);
  });
}

void Registrar::GiveUp() {
  giving_up_ = true;
  for (const std::shared_ptr<Batch>& batch : std::exchange(waiting_, {})) {
    batch->waits = false;
    Try(batch);
  }
  metrics_.holding_back.Set(0);
}

void Registrar::Finish(Batch& batch) {
  for (const Registration& registration : batch.registrations) {
    switch (registration.result) {
      case Result::kRegistered:
        metrics_.registered.Increment();
        break;
      case Result::kReplayed:
        metrics_.replayed.Increment();
        break;
      case Result::kBad:
        metrics_.bad.Increment();
        break;
      case Result::kReturned:
        metrics_.returned.Increment();
    }
  }
  batch.done(std::move(batch.registrations));
}

}  // namespace tokenbroker::intake
