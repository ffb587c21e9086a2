#include "cli/run/child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/status_macros.h"
#include "cli/file.h"

namespace tokenbroker::cli {
namespace {

struct Pipe {
  int read_end = -1;
  int write_end = -1;
};

absl::StatusOr<Pipe> MakePipe() {
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return absl::InternalError(std::string("cannot make a pipe: ") + std::strerror(errno));
  }
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return Pipe{ends[0], ends[1]};
}

std::vector<std::string> MergedEnvironment(const std::vector<std::pair<std::string, std::string>>& variables) {
  std::vector<std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('='));
    const bool replaced =
        std::any_of(variables.begin(), variables.end(), [&](const auto& v) { return v.first == name; });
    if (!replaced) merged.push_back(text);
  }
  for (const auto& [name, value] : variables) {
    if (!value.empty()) merged.push_back(name + "=" + value);
  }
  return merged;
}

// The strings as execve wants them; valid as long as `texts`.
std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// glibc 2.36 declares pidfd_open without C linkage.
int OpenProcess(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

// posix_spawn, not fork: gRPC's threads are running.
class Spawn {
 public:
  Spawn() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~Spawn() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  void SetFiles(int out, int err) {
    if (isatty(STDIN_FILENO)) {
      posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    }
    posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, err, STDERR_FILENO);
  }

  // Our own blocked and ignored signals are not the child's business.
  void SetSignals() {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }

  // 0, or an errno.
  int Run(const ChildOptions& options, pid_t& pid) {
    const std::vector<std::string> environment = MergedEnvironment(options.variables);
    return posix_spawnp(&pid, options.command.front().c_str(), &actions_, &attributes_,
                        Pointers(options.command).data(), Pointers(environment).data());
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Child>> Child::Start(const ChildOptions& options) {
  TB_ASSIGN_OR_RETURN(const Pipe out, MakePipe());
  TB_ASSIGN_OR_RETURN(const Pipe err, MakePipe());
  Spawn spawn;
  spawn.SetFiles(out.write_end, err.write_end);
  spawn.SetSignals();
  pid_t pid = 0;
  const int error = spawn.Run(options, pid);
  close(out.write_end);
  close(err.write_end);
  const int exit_fd = error == 0 ? OpenProcess(pid) : -1;
  // Owns the descriptors from here on, whatever happened.
  std::unique_ptr<Child> child(new Child(pid, exit_fd, out.read_end, err.read_end));
  if (error != 0) {
    return absl::InvalidArgumentError("cannot start " + ShownPath(options.command.front()) + ": " +
                                      std::strerror(error));
  }
  if (exit_fd < 0) {
    child->Signal(SIGKILL);
    return absl::InternalError(std::string("cannot observe the command: ") + std::strerror(errno));
  }
  return child;
}

Child::~Child() {
  close(out_fd_);
  close(err_fd_);
  if (exit_fd_ >= 0) close(exit_fd_);
}

void Child::Signal(int signal) { kill(-pid_, signal); }

ExitStatus Child::Reap() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) return {0, WTERMSIG(status)};
  return {WEXITSTATUS(status), 0};
}

}  // namespace tokenbroker::cli
