// `tokenbroker dev`: for a first try and for tests. On this machine only, open to everybody on it.

#include <stdlib.h>

#include <filesystem>
#include <iostream>

#include "server/commands/commands.h"
#include "server/config/load.h"
#include "server/host/serve.h"
#include "server/host/version.h"

namespace tokenbroker {
namespace {

// A new folder for the time of the process.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "tokenbroker-XXXXXX").string();
    if (mkdtemp(path.data()) != nullptr) path_ = path;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string HostOf(const std::string& listen) { return listen.substr(0, listen.rfind(':')); }

void PrintBanner(const Config& config, bool temporary, const BrokerHost& host) {
  const std::string grpc = HostOf(config.grpc.listen) + ":" + std::to_string(host.grpc_port());
  const bool in_memory = config.storage.backend == StorageBackend::kMemory;
  const bool open = config.auth.mode == AuthMode::kOpen;
  std::cout << "\nTask Token Broker " << kVersion << ", development mode"
            << (open ? ": whoever reaches it may do everything" : "") << ".\n\n"
            << "  gRPC    " << grpc << "\n";
  const std::string http = HostOf(config.http.listen) + ":" + std::to_string(host.http_port());
  if (host.http_port() != 0) std::cout << "  HTTP    http://" << http << "\n";
  if (host.admin_port() != 0) {
    std::cout << "  admin   http://" << HostOf(config.admin.listen) << ":" << host.admin_port() << "\n";
  }
  std::cout << "  data    " << (in_memory ? "in memory" : config.storage.path)
            << (temporary ? "  (removed at the end; keep it with --data DIR)" : "") << "\n\n"
            << "Try:\n"
            << "  grpcurl -plaintext -d '{\"namespace\": \"demo\", \"correlation_key\": \"order-1\"}' \\\n"
            << "    " << grpc << " tokenbroker.v1.TaskService/IssueTask\n";
  if (host.http_port() != 0) {
    std::cout << "  curl --json '{\"correlationKey\": \"order-2\"}' http://" << http << "/v1/namespaces/demo/tasks\n";
  }
  std::cout << "  tokenctl --address " << grpc << " --help\n\n" << std::flush;
}

}  // namespace

int DevCommand(const Arguments& args) {
  absl::StatusOr<LoadedConfig> loaded = LoadForServing(ConfigMode::kDev, args);
  if (!loaded.ok()) {
    std::cerr << loaded.status().message() << "\n";
    return kExitUsage;
  }
  Config& config = loaded->config;
  const bool temporary = config.storage.path.empty() && config.storage.backend == StorageBackend::kRocksDb;
  std::optional<TemporaryFolder> folder;
  if (temporary) {
    folder.emplace();
    if (folder->path().empty()) {
      std::cerr << "cannot make a temporary folder; name one with --data DIR\n";
      return EXIT_FAILURE;
    }
    config.storage.path = folder->path();
  }
  return Serve(config, [&](const BrokerHost& host) { PrintBanner(config, temporary, host); });
}

}  // namespace tokenbroker
