#include "tests/testing/child_process.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace tokenbroker::testing {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr Milliseconds kPoll{2};
constexpr DurationMs kLongestStop = 60'000;

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// What a child does follows from the test alone.
bool IsForeign(absl::string_view variable) {
  const absl::string_view name = variable.substr(0, variable.find('='));
  return absl::StartsWith(name, "TOKENBROKER_") || absl::StartsWith(name, "AWS_") ||
         absl::EndsWith(absl::AsciiStrToLower(name), "_proxy");
}

std::vector<std::string> EnvironmentWith(const std::map<std::string, std::string>& added) {
  std::vector<std::string> all;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!IsForeign(*variable)) all.push_back(*variable);
  }
  for (const auto& [name, value] : added) all.push_back(name + "=" + value);
  return all;
}

// In the child: becomes the user.
bool Become(const passwd* user) {
  if (user == nullptr) return true;
  return ::setgroups(0, nullptr) == 0 && ::setgid(user->pw_gid) == 0 && ::setuid(user->pw_uid) == 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(const ChildOptions& options) {
  std::vector<std::string> arguments = options.command;
  std::vector<std::string> environment = EnvironmentWith(options.environment);
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(environment);
  const passwd* user = options.user.empty() ? nullptr : ::getpwnam(options.user.c_str());
  if (!options.user.empty() && user == nullptr) return absl::NotFoundError(absl::StrCat("no user ", options.user));
  const int log = ::open(options.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return absl::InternalError(absl::StrCat("cannot write ", options.log));
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    if (!Become(user)) ::_exit(126);
    ::prctl(PR_SET_PDEATHSIG, options.death_signal);  // becoming another user forgets it
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
  ::close(log);
  if (pid < 0) return absl::InternalError("fork failed");
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid));
}

ChildProcess::~ChildProcess() { Kill(); }

void ChildProcess::Signal(int signal) const {
  if (!end_.has_value()) ::kill(pid_, signal);
}

void ChildProcess::Kill() {
  Signal(SIGKILL);
  WaitForEnd(kLongestStop);
}

std::optional<int> ChildProcess::WaitForEnd(DurationMs limit) {
  const auto until = SteadyClock::now() + Milliseconds(limit);
  while (!end_.has_value()) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      end_ = status;
      break;
    }
    if (SteadyClock::now() >= until) break;
    std::this_thread::sleep_for(kPoll);
  }
  return end_;
}

void ChildProcess::Stop(int signal) {
  Signal(signal);
  if (!WaitForEnd(kLongestStop).has_value()) Kill();
}

CommandResult RunCommand(const std::vector<std::string>& command) {
  int pipe_ends[2];
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) std::abort();
  std::vector<std::string> arguments = command;
  std::vector<std::string> environment = EnvironmentWith({});
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(environment);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(pipe_ends[1], STDOUT_FILENO);
    ::dup2(pipe_ends[1], STDERR_FILENO);
    ::execvpe(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
  ::close(pipe_ends[1]);
  CommandResult result;
  char buffer[4096];
  for (ssize_t count; (count = ::read(pipe_ends[0], buffer, sizeof buffer)) > 0;) result.output.append(buffer, count);
  ::close(pipe_ends[0]);
  ::waitpid(pid, &result.status, 0);
  return result;
}

std::string DescribeEnd(int wait_status) {
  if (WIFSIGNALED(wait_status)) return absl::StrCat("signal ", WTERMSIG(wait_status));
  return absl::StrCat("exit code ", WEXITSTATUS(wait_status));
}

}  // namespace tokenbroker::testing
