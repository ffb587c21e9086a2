// Makes tasks by the call that every door makes, and does not give up while the broker is only too busy.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/broker/principal.h"
#include "server/calls/call.h"
#include "server/intake/metrics.h"
#include "server/intake/surroundings.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::intake {

namespace pb = tokenbroker::v1;

struct Registration {
  enum class Result {
    kRegistered,
    kReplayed,  // the task was there already
    kBad,       // no task will ever be made of it
    kReturned,  // the broker takes no new tasks now, and waiting ended
  };
  Result result = Result::kReturned;
  std::string task_id;
  // Why not, without tokens: "UPSTREAM_TOKEN_IN_USE: ...".
  std::string why;

  bool stored() const { return result == Result::kRegistered || result == Result::kReplayed; }
};

// Of one intake, for all its pollers. On the intakes' thread.
class Registrar {
 public:
  using Tasks = std::vector<pb::IssueTaskRequest>;
  using Done = std::function<void(std::vector<Registration>)>;
  // The places in `tasks` that have no task yet; called each time before a wait.
  using OnWait = std::function<void(const std::vector<size_t>&, DurationMs wait)>;

  // Both must outlive the registrar.
  Registrar(const Surroundings& surroundings, const broker::Principal& principal, IntakeMetrics& metrics)
      : surroundings_(surroundings), principal_(principal), metrics_(metrics) {}

  // At most calls::kMaxBatch tasks. `done` comes later, once, and has one registration for each. What is refused
  // because the broker is full is tried again, in the time that the broker asks for, until it is taken or GiveUp is
  // called.
  void Register(Tasks tasks, OnWait on_wait, Done done);

  // Until then nobody should bring more: the broker takes no new tasks. 0: it does.
  TimeMs closed_until() const { return closed_until_; }

  // Whoever waits tries once more, and what is not taken then is returned.
  void GiveUp();

 private:
  class Batch;
  struct Waiting;

  void Try(std::shared_ptr<Batch> batch);
  void Judge(const std::shared_ptr<Batch>& batch);
  void Wait(const std::shared_ptr<Batch>& batch, DurationMs asked_for);
  void Finish(Batch& batch);

  const Surroundings& surroundings_;
  const broker::Principal& principal_;
  IntakeMetrics& metrics_;
  TimeMs closed_until_ = 0;
  bool giving_up_ = false;
  std::vector<std::shared_ptr<Batch>> waiting_;
};

}  // namespace tokenbroker::intake
