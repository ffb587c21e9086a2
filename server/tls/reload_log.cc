#include "server/tls/reload_log.h"

#include <utility>

#include "server/telemetry/log.h"

namespace tokenbroker::tls {

void ReloadLog::Tell(const absl::StatusOr<bool>& changed) {
  std::string failure(changed.status().message());
  const bool is_news = failure != failure_;
  failure_ = std::move(failure);
  if (!changed.ok()) {
    if (is_news) Log(Level::kWarning, door_ + "_tls_reload_failed", {{"msg", failure_}});
  } else if (*changed) {
    Log(Level::kInfo, door_ + "_tls_reloaded");
  }
}

}  // namespace tokenbroker::tls
