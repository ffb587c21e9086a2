#include "server/host/serve.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "base/failpoint.h"
#include "base/file.h"
#include "server/host/preflight.h"
#include "server/host/version.h"
#include "server/telemetry/log.h"

namespace tokenbroker {
namespace {

constexpr char kBenchNull[] = "TOKENBROKER_BENCH_NULL";

void StartLogging(const LogConfig& config) {
  const bool text = config.format == LogStyle::kText || (config.format == LogStyle::kAuto && isatty(STDERR_FILENO));
  LogOptions options;
  options.format = text ? LogFormat::kText : LogFormat::kJson;
  options.level = config.level;
  ConfigureLog(std::move(options));
}

// One connection is one file, and RocksDB wants some, too.
void RaiseFileLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Before any thread is made: all inherit the mask, so that the signals come to sigwait alone.
sigset_t BlockSignals() {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is a failed write, which has its own end
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

absl::Status ArmFailpointsFromEnvironment() {
  const char* spec = std::getenv("TOKENBROKER_FAILPOINTS");
  if (spec == nullptr) return absl::OkStatus();
  absl::StatusOr<std::vector<Failpoint>> failpoints = ParseFailpoints(spec);
  if (!failpoints.ok()) return failpoints.status();
  const char* seed = std::getenv("TOKENBROKER_FAILPOINT_SEED");
  ArmFailpoints(*std::move(failpoints), seed == nullptr ? 1 : std::strtoull(seed, nullptr, 10));
  Log(Level::kWarning, "failpoints_armed", {{"spec", spec}});
  return absl::OkStatus();
}

// Whether calls that do nothing are served, to anybody.
bool ServesBenchCalls() {
  if (std::getenv(kBenchNull) == nullptr) return false;
  Log(Level::kWarning, "bench_calls_served", {{"variable", kBenchNull}});
  return true;
}

// Whoever waits for the file sees it whole.
absl::Status WritePorts(const std::string& path, const BrokerHost& host) {
  if (path.empty()) return absl::OkStatus();
  const std::string ports = absl::StrCat("{\"grpc\":", host.grpc_port(), ",\"http\":", host.http_port(),
                                         ",\"admin\":", host.admin_port(), "}\n");
  const absl::Status status = ReplaceFile(path, ports, 0666);
  if (status.ok()) return status;
  return absl::UnavailableError(absl::StrCat("cannot write the ports file ", path, ": ", status.message()));
}

int Fail(const absl::Status& status) {
  Log(Level::kError, "start_failed", {{"msg", status.message()}});
  return EXIT_FAILURE;
}

}  // namespace

Environment SettingsEnvironment() {
  Environment environment = ProcessEnvironment();
  std::erase_if(environment, [](const auto& variable) { return variable.first == kBenchNull; });
  return environment;
}

absl::StatusOr<LoadedConfig> LoadForServing(ConfigMode mode, const std::vector<std::string>& args) {
  const auto check = [](const Config& config) { return Preflight(config, ProcessEnvironment()); };
  return LoadConfig(mode, args, SettingsEnvironment(), check);
}

int Serve(const Config& config, const std::function<void(const BrokerHost&)>& ready) {
  StartLogging(config.log);
  const sigset_t signals = BlockSignals();
  RaiseFileLimit();
  if (absl::Status status = ArmFailpointsFromEnvironment(); !status.ok()) return Fail(status);
  absl::StatusOr<std::unique_ptr<BrokerHost>> host = BrokerHost::Open(config, ServesBenchCalls());
  if (!host.ok()) return Fail(host.status());
  if (absl::Status status = WritePorts(config.ports_file, **host); !status.ok()) return Fail(status);
  Log(Level::kInfo, "serving",
      {{"version", kVersion},
       {"grpc_port", (*host)->grpc_port()},
       {"http_port", (*host)->http_port()},
       {"admin_port", (*host)->admin_port()}});
  ready(**host);

  int signal_number = 0;
  sigwait(&signals, &signal_number);
  Log(Level::kInfo, "draining", {{"signal", signal_number == SIGTERM ? "SIGTERM" : "SIGINT"}});
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  const absl::Status closed = (*host)->Close();
  Log(closed.ok() ? Level::kInfo : Level::kError, "stopped", {{"msg", closed.message()}});
  return closed.ok() ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace tokenbroker
