#include "cli/run/runner.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/status_macros.h"
#include "cli/advice.h"
#include "cli/error.h"
#include "cli/exit_code.h"
#include "cli/retry.h"
#include "cli/task_json.h"

namespace tokenbroker::cli {
namespace {

constexpr size_t kLongestOutput = 4 << 20;
constexpr size_t kLongestCause = 4096;
constexpr TimeMs kLongestPoll = 60'000;

// What has arrived, handed to `take`, but no more than a few megabytes at a time: a command that writes without end
// must not keep us from its heartbeats. False at the end of the stream.
template <typename TakeBytes>
bool ReadAvailable(int fd, TakeBytes take) {
  std::array<char, 65536> buffer;
  for (int rounds = 0; rounds < 64; ++rounds) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    if (got == 0) return false;
    take(std::string_view(buffer.data(), static_cast<size_t>(got)));
  }
  return true;
}

pollfd Readable(int fd, bool wanted = true) { return {wanted ? fd : -1, POLLIN, 0}; }

}  // namespace

Runner::Runner(Broker& broker, v1::TaskRef task, RunOptions options, SignalInbox& inbox, Random random,
               std::ostream& out, std::ostream& err)
    : broker_(broker),
      task_(std::move(task)),
      options_(std::move(options)),
      inbox_(inbox),
      waiter_(inbox),
      random_(random),
      out_(out),
      err_(err),
      supervisor_(options_.kill_after, random, waiter_.Now()),
      beater_(broker, task_),
      stdout_(kLongestOutput),
      stderr_(kLongestCause) {}

absl::StatusOr<int> Runner::Run() {
  output_file_before_ = StampOf(options_.outcome.output_file);
  TB_ASSIGN_OR_RETURN(const std::unique_ptr<Child> child, Child::Start(options_.child));
  Observe(*child);
  return Settle(child->Reap());
}

void Runner::Observe(Child& child) {
  while (!exited_) {
    SendWhatIsDue(child);
    WaitForEvents(child);
  }
  // Descendants may hold the pipes open for ever: what the command itself wrote is there by now.
  Drain(child);
}

void Runner::SendWhatIsDue(Child& child) {
  const TimeMs now = waiter_.Now();
  if (supervisor_.IsBeatDue(now)) {
    supervisor_.OnBeatSent();
    beater_.Send(supervisor_.BeatTimeout());
  }
  if (const int signal = supervisor_.TakeSignal(now)) child.Signal(signal);
}

void Runner::WaitForEvents(Child& child) {
  std::array<pollfd, 5> events = {Readable(child.exit_fd()), Readable(child.out_fd(), out_open_),
                                  Readable(child.err_fd(), err_open_), Readable(inbox_.fd()), Readable(beater_.fd())};
  const TimeMs pause = std::clamp<TimeMs>(supervisor_.NextWake() - waiter_.Now(), 0, kLongestPoll);
  if (poll(events.data(), events.size(), static_cast<int>(pause)) <= 0) return;
  if (events[1].revents != 0) TakeOut(child.out_fd());
  if (events[2].revents != 0) TakeErr(child.err_fd());
  if (events[3].revents != 0) child.Signal(inbox_.Take());
  if (events[4].revents != 0) OnBeatAnswered();
  exited_ = events[0].revents != 0;
}

void Runner::Drain(Child& child) {
  if (out_open_) TakeOut(child.out_fd());
  if (err_open_) TakeErr(child.err_fd());
}

void Runner::TakeOut(int fd) {
  out_open_ = ReadAvailable(fd, [this](std::string_view bytes) {
    stdout_.Add(bytes);
    if (!options_.quiet) out_ << bytes << std::flush;
  });
}

void Runner::TakeErr(int fd) {
  err_open_ = ReadAvailable(fd, [this](std::string_view bytes) {
    stderr_.Add(bytes);
    err_ << bytes << std::flush;
  });
}

void Runner::OnBeatAnswered() {
  const auto answer = beater_.TakeAnswer();
  supervisor_.OnBeatAnswered(waiter_.Now(), answer);
  if (supervisor_.stop() == Supervisor::Stop::kCancelRequested && !std::exchange(told_cancel_, true)) {
    err_ << "tokenctl: cancellation was requested; stopping the command\n";
  }
  if (answer.ok() && std::exchange(troubled_, false)) err_ << "tokenctl: heartbeats are answered again\n";
  if (answer.ok() || supervisor_.stop() == Supervisor::Stop::kEnded || std::exchange(troubled_, true)) return;
  err_ << "tokenctl: a heartbeat was not answered, the command goes on: "
       << Printable(std::string(answer.status().message())) << "\n";
}

absl::StatusOr<int> Runner::Settle(const ExitStatus& exit) {
  const bool stopped = supervisor_.has_stopped_child();
  if (stopped && supervisor_.stop() != Supervisor::Stop::kCancelRequested) return WhyStopped();
  CommandResult result{exit, stopped, stdout_.text(), stdout_.overflowed(), stderr_.Text(), output_file_before_};
  const auto settlement = MakeSettlement(task_, result, options_.outcome);
  const auto verdict = settlement.ok() ? Send(*settlement) : settlement.status();
  if (!verdict.ok()) {
    err_ << "tokenctl: the command ended with " << exit.ShellCode() << ", but its outcome is not recorded\n";
    return verdict.status();
  }
  err_ << "tokenctl: " << (settlement->has_succeed() ? "succeeded" : "failed with " + settlement->fail().error())
       << ": " << NameOf(*verdict) << "\n";
  return stopped ? kCancelled : exit.ShellCode();
}

absl::Status Runner::WhyStopped() const {
  if (supervisor_.stop() == Supervisor::Stop::kEnded) {
    err_ << "tokenctl: the task has ended; the command was stopped\n";
    return supervisor_.end();
  }
  return absl::UnavailableError("the task's deadline passed while the broker was away; the command was stopped");
}

// The task can take the outcome until its deadline, so we try for as long: the work is done and should not be lost.
absl::StatusOr<v1::Verdict> Runner::Send(const v1::Settlement& settlement) {
  const DurationMs left = supervisor_.deadline() ? *supervisor_.deadline() - waiter_.Now() : 0;
  const DurationMs total = std::max(left, options_.call_timeout);
  Retrier retrier(waiter_, random_);
  return retrier.Run(total, options_.call_timeout, [&](DurationMs timeout) -> absl::StatusOr<v1::Verdict> {
    if (settlement.has_succeed()) {
      TB_ASSIGN_OR_RETURN(const auto response, broker_.Succeed(settlement.succeed(), timeout));
      return response.verdict();
    }
    TB_ASSIGN_OR_RETURN(const auto response, broker_.Fail(settlement.fail(), timeout));
    return response.verdict();
  });
}

}  // namespace tokenbroker::cli
