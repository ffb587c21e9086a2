#include "tests/crash/broker_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace tokenbroker::testing {
namespace {

constexpr DurationMs kPollMs = 2;

void SleepMs(DurationMs ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> EnvironmentWith(const std::map<std::string, std::string>& added) {
  std::vector<std::string> all;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const absl::string_view text = *variable;
    // What a broker does follows from the test alone.
    if (!absl::StartsWith(text, "TOKENBROKER_") && !absl::StartsWith(text, "AWS_")) all.push_back(*variable);
  }
  for (const auto& [name, value] : added) all.push_back(name + "=" + value);
  return all;
}

// The number behind `name` in a ports file, whatever stands between.
int PortIn(const std::string& text, const std::string& name) {
  const size_t at = text.find(name);
  if (at == std::string::npos) return 0;
  const size_t digit = text.find_first_of("0123456789", at + name.size());
  return digit == std::string::npos ? 0 : std::atoi(text.c_str() + digit);
}

}  // namespace

TimeMs NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string ReadFileOr(const std::string& path, const std::string& otherwise) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return otherwise;
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string TailOf(const std::string& path, size_t bytes) {
  const std::string text = ReadFileOr(path, "");
  return text.size() <= bytes ? text : text.substr(text.size() - bytes);
}

std::string MakeTemporaryFolder(const std::string& name) {
  const char* root = std::getenv("TMPDIR");
  std::string path = absl::StrCat(root != nullptr ? root : "/tmp", "/", name, "-XXXXXX");
  if (::mkdtemp(path.data()) == nullptr) std::abort();
  return path;
}

std::string DescribeEnd(int wait_status) {
  if (WIFSIGNALED(wait_status)) return absl::StrCat("signal ", WTERMSIG(wait_status));
  return absl::StrCat("exit code ", WEXITSTATUS(wait_status));
}

absl::StatusOr<std::unique_ptr<BrokerProcess>> BrokerProcess::Start(const BrokerOptions& options) {
  std::filesystem::create_directories(options.folder);
  std::unique_ptr<BrokerProcess> process(new BrokerProcess(options));
  TB_RETURN_IF_ERROR(process->Spawn());
  TB_RETURN_IF_ERROR(process->AwaitPorts());
  return process;
}

BrokerProcess::~BrokerProcess() {
  if (pid_ > 0) Kill();
}

absl::Status BrokerProcess::Spawn() {
  const std::string ports = options_.folder + "/ports";
  ::unlink(ports.c_str());
  std::vector<std::string> arguments = {options_.binary,  "dev",         "--data",        options_.data(),
                                        "--grpc-listen",  "127.0.0.1:0", "--http-listen", "127.0.0.1:0",
                                        "--admin-listen", "127.0.0.1:0", "--ports-file",  ports};
  arguments.insert(arguments.end(), options_.flags.begin(), options_.flags.end());
  std::vector<std::string> environment = EnvironmentWith(options_.environment);
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(environment);
  const int log = ::open(options_.log().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return absl::InternalError(absl::StrCat("cannot write ", options_.log()));
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(log, 1);
    ::dup2(log, 2);
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
  ::close(log);
  return pid_ > 0 ? absl::OkStatus() : absl::InternalError("fork failed");
}

absl::Status BrokerProcess::AwaitPorts() {
  const TimeMs until = NowMs() + options_.start_timeout;
  while (!ReadPorts(options_.folder + "/ports")) {
    if (const std::optional<int> end = WaitForEnd(0)) {
      return absl::AbortedError(
          absl::StrCat("the broker ended at its start with ", DescribeEnd(*end), ":\n", TailOf(options_.log())));
    }
    if (NowMs() > until) return absl::DeadlineExceededError(absl::StrCat("no ports file:\n", TailOf(options_.log())));
    SleepMs(kPollMs);
  }
  return absl::OkStatus();
}

bool BrokerProcess::ReadPorts(const std::string& path) {
  const std::string text = ReadFileOr(path, "");
  grpc_port_ = PortIn(text, "grpc");
  http_port_ = PortIn(text, "http");
  admin_port_ = PortIn(text, "admin");
  return grpc_port_ != 0 && http_port_ != 0 && admin_port_ != 0 && (text.back() == '\n' || text.back() == '}');
}

void BrokerProcess::Signal(int signal) const { ::kill(pid_, signal); }

void BrokerProcess::Kill() {
  if (end_.has_value()) return;
  Signal(SIGKILL);
  WaitForEnd(60'000);
}

std::optional<int> BrokerProcess::WaitForEnd(DurationMs limit) {
  const TimeMs until = NowMs() + limit;
  while (!end_.has_value()) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      end_ = status;
      break;
    }
    if (NowMs() >= until) break;
    SleepMs(kPollMs);
  }
  return end_;
}

size_t BrokerProcess::MemoryBytes() const {
  std::istringstream line(ReadFileOr(absl::StrCat("/proc/", pid_, "/statm"), "0 0"));
  size_t total = 0;
  size_t resident = 0;
  line >> total >> resident;
  return resident * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

CommandResult RunCommand(const std::vector<std::string>& command) {
  int pipe_ends[2];
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) std::abort();
  std::vector<std::string> arguments = command;
  const std::vector<char*> argv = Pointers(arguments);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(pipe_ends[1], 1);
    ::dup2(pipe_ends[1], 2);
    ::execvp(argv[0], argv.data());
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

std::string HttpGet(int port, const std::string& path) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    const std::string request = absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
      char buffer[4096];
      for (ssize_t count; (count = ::read(socket, buffer, sizeof buffer)) > 0;) answer.append(buffer, count);
    }
  }
  ::close(socket);
  return answer;
}

}  // namespace tokenbroker::testing
