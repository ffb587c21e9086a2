#include "tests/bench/process.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <thread>

namespace tokenbroker::benchmarks {
namespace {

constexpr double kStopSeconds = 60;
constexpr auto kLook = std::chrono::milliseconds(5);

// In the child: becomes the user.
bool Become(const passwd* user) {
  if (user == nullptr) return true;
  return setgroups(0, nullptr) == 0 && setgid(user->pw_gid) == 0 && setuid(user->pw_uid) == 0;
}

}  // namespace

Process::Process(const std::vector<std::string>& command, const std::string& log, const std::string& user) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const passwd* entry = user.empty() ? nullptr : getpwnam(user.c_str());
  if (!user.empty() && entry == nullptr) throw std::runtime_error("no user " + user);
  const int output = open(log.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
  id_ = fork();
  if (id_ < 0) throw std::runtime_error("fork failed");
  if (id_ == 0) {
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    if (!Become(entry)) _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  close(output);
}

Process::~Process() {
  if (!ended_) Stop();
}

bool Process::Running() {
  if (ended_) return false;
  int status = 0;
  if (waitpid(id_, &status, WNOHANG) != id_) return true;
  ended_ = true;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

int Process::Wait(double seconds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (Running() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(kLook);
  return Running() ? Stop() : status_;
}

int Process::Stop(int signal) {
  if (!Running()) return status_;
  kill(id_, signal == 0 ? SIGTERM : signal);
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(kStopSeconds);
  while (Running() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(kLook);
  if (!Running()) return status_;
  kill(id_, SIGKILL);
  waitpid(id_, nullptr, 0);
  ended_ = true;
  return -1;
}

}  // namespace tokenbroker::benchmarks
