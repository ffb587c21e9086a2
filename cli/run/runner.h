// `run`: a command as the worker of a task.
#pragma once

#include <optional>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "cli/broker.h"
#include "cli/run/beater.h"
#include "cli/run/child.h"
#include "cli/run/outcome.h"
#include "cli/run/signal_inbox.h"
#include "cli/run/supervisor.h"

namespace tokenbroker::cli {

struct RunOptions {
  ChildOptions child;
  OutcomeOptions outcome;
  // Standard output is not shown, only sent.
  bool quiet = false;
  DurationMs kill_after = 10'000;
  // Of one call. Settling is retried until the task's deadline, and for as long as this at least.
  DurationMs call_timeout = 10'000;
};

// Single-threaded but for the heartbeats.
class Runner {
 public:
  // `out` and `err` show what the command writes.
  Runner(Broker& broker, v1::TaskRef task, RunOptions options, SignalInbox& inbox, Random random, std::ostream& out,
         std::ostream& err);

  // Starts the command, sees it through and settles the task. Returns the command's exit code once the outcome is
  // recorded, that of a cancelled task if we stopped the command for it; otherwise why it is not recorded.
  absl::StatusOr<int> Run();

 private:
  void Observe(Child& child);
  void WaitForEvents(Child& child);
  void OnBeatAnswered();
  void SendWhatIsDue(Child& child);
  void Drain(Child& child);
  void TakeOut(int fd);
  void TakeErr(int fd);
  absl::StatusOr<int> Settle(const ExitStatus& exit);
  absl::StatusOr<v1::Verdict> Send(const v1::Settlement& settlement);
  absl::Status WhyStopped() const;

  Broker& broker_;
  const v1::TaskRef task_;
  const RunOptions options_;
  SignalInbox& inbox_;
  InterruptibleWaiter waiter_;
  Random random_;
  std::ostream& out_;
  std::ostream& err_;

  std::string output_file_before_;
  Supervisor supervisor_;
  Beater beater_;
  Head stdout_;
  Tail stderr_;
  bool out_open_ = true;
  bool err_open_ = true;
  bool exited_ = false;
  bool troubled_ = false;
  bool told_cancel_ = false;
};

}  // namespace tokenbroker::cli
