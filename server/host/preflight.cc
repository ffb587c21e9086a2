#include "server/host/preflight.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "server/aws/keys.h"
#include "server/broker/key_ring.h"
#include "server/host/faults.h"
#include "server/host/incoming.h"
#include "server/host/outgoing.h"
#include "server/tls/tls_files.h"
#include "server/web/http_options.h"

namespace tokenbroker {
namespace {

std::vector<ConfigFault> CheckTls(const Config& config) {
  const tls::Files files = web::OptionsOf(config.http, config.tls).tls;
  if (!files.enabled() || files.key_file.empty()) return {};
  return FaultsOf(tls::FileWatch(files).Look().status());
}

// Keys that are not there yet are made at the first start.
std::vector<ConfigFault> CheckTokenKeys(const Config& config) {
  std::string file = config.tokens.key_file;
  const bool on_disk = config.storage.backend == StorageBackend::kRocksDb && !config.storage.path.empty();
  if (file.empty() && on_disk) file = absl::StrCat(config.storage.path, "/token-keys.json");
  if (file.empty()) return {};
  const absl::Status status = broker::KeyRing::Load(file).status();
  if (status.ok() || absl::IsNotFound(status)) return {};
  return {{"tokens.key_file", std::string(status.message())}};
}

std::vector<ConfigFault> CheckAuthorities(const ForwardingConfig& config) {
  if (config.ca_file.empty()) return {};
  const absl::StatusOr<std::string> text = ReadFile(config.ca_file, tls::kMaxPemBytes);
  const auto fault = [](std::string what) { return std::vector<ConfigFault>{{"forwarding.ca_file", std::move(what)}}; };
  if (!text.ok()) return fault(absl::StrCat("cannot read ", config.ca_file, ": ", text.status().message()));
  if (text->empty()) return fault(absl::StrCat(config.ca_file, " is empty"));
  return {};
}

}  // namespace

std::vector<ConfigFault> Preflight(const Config& config, const Environment& environment) {
  std::vector<ConfigFault> faults = CheckTls(config);
  AddFaults(FaultsOf(aws::KeySet::Load(config.auth.aws_keys, environment).status()), faults);
  AddFaults(CheckTokenKeys(config), faults);
  AddFaults(CheckAuthorities(config.forwarding), faults);
  AddFaults(Outgoing::Check(config, environment), faults);
  AddFaults(Incoming::Check(config.intake, environment), faults);
  return faults;
}

}  // namespace tokenbroker
