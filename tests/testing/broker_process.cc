#include "tests/testing/broker_process.h"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "tests/testing/text_file.h"

namespace tokenbroker::testing {
namespace {

constexpr std::chrono::milliseconds kPoll{1};

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

absl::StatusOr<std::unique_ptr<BrokerProcess>> BrokerProcess::Start(const BrokerOptions& options) {
  std::filesystem::create_directories(options.folder);
  std::unique_ptr<BrokerProcess> process(new BrokerProcess(options));
  TB_RETURN_IF_ERROR(process->Spawn());
  TB_RETURN_IF_ERROR(process->AwaitPorts());
  return process;
}

absl::Status BrokerProcess::Spawn() {
  std::filesystem::remove(ports_file());
  ChildOptions child;
  child.command = {options_.binary, "dev",         "--data",         options_.data(), "--grpc-listen", "127.0.0.1:0",
                   "--http-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",   "--ports-file",  ports_file()};
  child.command.insert(child.command.end(), options_.flags.begin(), options_.flags.end());
  child.log = options_.log();
  child.environment = options_.environment;
  TB_ASSIGN_OR_RETURN(child_, ChildProcess::Start(child));
  return absl::OkStatus();
}

absl::Status BrokerProcess::AwaitPorts() {
  const TimeMs until = NowMs() + options_.start_timeout;
  while (!ReadPorts()) {
    if (const std::optional<int> end = WaitForEnd(0)) {
      return absl::AbortedError(
          absl::StrCat("the broker ended at its start with ", DescribeEnd(*end), ":\n", TailOf(options_.log())));
    }
    if (NowMs() > until) return absl::DeadlineExceededError(absl::StrCat("no ports file:\n", TailOf(options_.log())));
    std::this_thread::sleep_for(kPoll);
  }
  return absl::OkStatus();
}

bool BrokerProcess::ReadPorts() {
  const std::string text = ReadFileOr(ports_file(), "");
  grpc_port_ = PortIn(text, "grpc");
  http_port_ = PortIn(text, "http");
  admin_port_ = PortIn(text, "admin");
  return grpc_port_ != 0 && http_port_ != 0 && admin_port_ != 0 && (text.back() == '\n' || text.back() == '}');
}

size_t BrokerProcess::MemoryBytes() const {
  std::istringstream line(ReadFileOr(absl::StrCat("/proc/", pid(), "/statm"), "0 0"));
  size_t total = 0;
  size_t resident = 0;
  line >> total >> resident;
  return resident * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace tokenbroker::testing
