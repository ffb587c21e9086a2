#include "cli/session.h"

#include "base/status_macros.h"

namespace tokenbroker::cli {

absl::StatusOr<Settings> Session::GetSettings() {
  if (!settings_) {
    TB_ASSIGN_OR_RETURN(settings_, Decide(flags, world_.environment));
  }
  return *settings_;
}

absl::StatusOr<Broker*> Session::GetBroker() {
  if (broker_) return broker_.get();
  TB_ASSIGN_OR_RETURN(const Settings settings, GetSettings());
  if (settings.SendsKeyInTheClear()) {
    err() << "tokenctl: warning: the API key travels unencrypted to " << settings.address << "; use --tls\n";
  }
  TB_ASSIGN_OR_RETURN(broker_, world_.connect(settings));
  return broker_.get();
}

void Session::PrintJson(const Json& json, Format format) {
  out() << Print(json, format == Format::kJson ? Layout::kIndented : Layout::kOneLine) << "\n";
}

absl::Status Session::Flush() {
  if (out().flush()) return absl::OkStatus();
  return absl::InternalError("standard output cannot be written: the result is lost, what the command did is not");
}

}  // namespace tokenbroker::cli
