#include "server/config/validate.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/config/intake_lists.h"
#include "server/config/values.h"

namespace tokenbroker {
namespace {

using namespace units;

bool IsInside(const std::filesystem::path& inner, const std::filesystem::path& outer) {
  const std::filesystem::path relative = inner.lexically_normal().lexically_relative(outer.lexically_normal());
  return !relative.empty() && *relative.begin() != "..";
}

class Validator {
 public:
  Validator(ConfigMode mode, const LoadedConfig& loaded) : mode_(mode), loaded_(loaded), config_(loaded.config) {}

  absl::Status Run() {
    CheckStorage();
    CheckSizes();
    CheckTls();
    CheckAuth();
    CheckFileDrop();
    CheckTargets();
    CheckIntakes();
    CheckAddresses();
    CheckExposure("grpc.listen", config_.grpc.listen);
    CheckExposure("http.listen", config_.http.listen);
    if (errors_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrJoin(errors_, "\n"));
  }

 private:
  void Error(const std::string& setting, const std::string& what) {
    errors_.push_back(DescribeFault(loaded_, {setting, what}));
  }

  bool CameBy(const std::string& setting, const std::string& origin) const {
    const auto found = loaded_.origins.find(setting);
    return found != loaded_.origins.end() && found->second == origin;
  }

  void CheckStorage() {
    const StorageConfig& storage = config_.storage;
    if (mode_ == ConfigMode::kServe && storage.backend == StorageBackend::kRocksDb && storage.path.empty()) {
      Error("storage.path", "must be set: the folder where tasks are kept");
    }
    // Whoever says --data wants to find it again; that it is made and left empty would be found out too late.
    if (storage.backend == StorageBackend::kMemory && CameBy("storage.path", "--data")) {
      Error("storage.path", "--data and storage.backend memory, which keeps nothing, do not go together");
    }
    if (!storage.backup_root.empty()) {
      if (!std::filesystem::path(storage.backup_root).is_absolute()) {
        Error("storage.backup_root", "must be an absolute path");
      } else if (!storage.path.empty() && IsInside(storage.backup_root, storage.path)) {
        Error("storage.backup_root", "must be outside storage.path");
      }
    }
  }

  void CheckTargets() {
    const std::string& wanted = config_.forwarding.default_target;
    const auto named = [&](const TargetConfig& target) { return target.name == wanted; };
    if (!wanted.empty() && std::none_of(config_.targets.begin(), config_.targets.end(), named)) {
      Error("forwarding.default_target", "must be the name of one of the targets");
    }
    if (config_.forwarding.backoff_max < config_.forwarding.backoff_base) {
      Error("forwarding.backoff_max", "must be at least forwarding.backoff_base");
    }
  }

  void CheckIntakes() {
    std::vector<std::string> targets;
    for (const TargetConfig& target : config_.targets) targets.push_back(target.name);
    ValidateIntake(config_.intake, targets, errors_);
  }

  void CheckSizes() {
    const int64_t payload = std::max(config_.tasks.max_input, config_.tasks.max_output);
    if (config_.grpc.max_message_size < payload + 64 * kKiB) {
      Error("grpc.max_message_size", absl::StrCat("must be at least ", FormatSize(payload + 64 * kKiB),
                                                  ": the larger of tasks.max_input and tasks.max_output, and 64KiB"));
    }
    CheckAtLeast("limits.queue_bytes", config_.limits.queue_bytes, "grpc.max_message_size",
                 config_.grpc.max_message_size);
    CheckHttpSizes(payload + 64 * kKiB);
  }

  void CheckHttpSizes(int64_t payload) {
    const HttpConfig& http = config_.http;
    if (http.max_body_size < payload) {
      Error("http.max_body_size", absl::StrCat("must be at least ", FormatSize(payload),
                                               ": the larger of tasks.max_input and tasks.max_output, and 64KiB"));
    }
    CheckAtLeast("limits.queue_bytes", config_.limits.queue_bytes, "http.max_body_size", http.max_body_size);
    CheckAtLeast("http.bodies_memory", http.bodies_memory, "http.max_body_size", http.max_body_size);
    CheckAtLeast("http.max_header_size", http.max_header_size, "http.max_target_size", http.max_target_size);
  }

  void CheckAtLeast(const char* setting, int64_t bytes, const char* other, int64_t other_bytes) {
    if (bytes >= other_bytes) return;
    Error(setting, absl::StrCat("must be at least ", other, ", which is ", FormatSize(other_bytes)));
  }

  void CheckTls() {
    const TlsConfig& tls = config_.tls;
    if (tls.certificate_file.empty() != tls.key_file.empty()) {
      Error(tls.certificate_file.empty() ? "tls.certificate_file" : "tls.key_file",
            "must be set, too: certificate and key come together");
    }
    if (!tls.client_ca_file.empty() && !tls.enabled()) {
      Error("tls.client_ca_file",
            "needs tls.certificate_file and tls.key_file: callers show certificates over TLS only");
    }
    if (tls.require_client_certificate && tls.client_ca_file.empty()) {
      Error("tls.require_client_certificate", "needs tls.client_ca_file: who may sign callers' certificates");
    }
  }

  void CheckAuth() {
    const AuthConfig& auth = config_.auth;
    const bool nobody = !auth.names_anybody();
    if (auth.mode == AuthMode::kKeys && nobody) {
      Error("auth.mode", "keys lets nobody in: list callers in auth.keys, auth.certificates or auth.aws_keys");
    }
    if (auth.mode == AuthMode::kOpen && !nobody) {
      Error("auth.mode",
            "is open, so auth.keys, auth.certificates and auth.aws_keys would have no effect: set keys, or remove the "
            "lists");
    }
    if (!auth.certificates.empty() && config_.tls.client_ca_file.empty()) {
      Error("auth.certificates", "needs tls.client_ca_file: who may sign callers' certificates");
    }
  }

  void CheckFileDrop() {
    const std::string& folder = config_.file_drop.folder;
    if (folder.empty() || config_.storage.path.empty()) return;
    if (IsInside(folder, config_.storage.path)) Error("file_drop.folder", "must be outside storage.path");
  }

  void CheckAddresses() {
    const std::vector<std::pair<std::string, std::string>> doors = {{"grpc.listen", config_.grpc.listen},
                                                                    {"http.listen", config_.http.listen},
                                                                    {"admin.listen", config_.admin.listen}};
    for (size_t i = 0; i < doors.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        const absl::StatusOr<HostPort> address = ParseHostPort(doors[i].second);
        if (doors[i].second != doors[j].second || !address.ok() || address->port == 0) continue;
        Error(doors[i].first, absl::StrCat("is the same address as ", doors[j].first, ": ", doors[i].second));
      }
    }
  }

  // A broker that everybody on the network can command is never an accident.
  void CheckExposure(const std::string& setting, const std::string& listen) {
    if (listen.empty() || config_.insecure.allow_public_without_tls) return;
    const absl::StatusOr<HostPort> address = ParseHostPort(listen);
    if (!address.ok() || IsLoopback(address->host)) return;
    if (config_.tls.enabled() && config_.auth.mode == AuthMode::kKeys) return;
    Error(setting,
          absl::StrCat(listen,
                       " can be reached from other machines, which needs TLS (tls.certificate_file, tls.key_file) ",
                       "and known callers (auth.mode: keys). Listen on 127.0.0.1, set these, or say in so many words ",
                       "insecure.allow_public_without_tls: true"));
  }

  const ConfigMode mode_;
  const LoadedConfig& loaded_;
  const Config& config_;
  std::vector<std::string> errors_;
};

}  // namespace

absl::Status ValidateConfig(ConfigMode mode, const LoadedConfig& loaded) { return Validator(mode, loaded).Run(); }

}  // namespace tokenbroker
