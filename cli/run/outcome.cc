#include "cli/run/outcome.h"

#include <string.h>

#include "base/status_macros.h"
#include "cli/file.h"
#include "cli/json.h"

namespace tokenbroker::cli {
namespace {

std::string SignalName(int signal) {
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? "SIG" + std::string(name) : std::to_string(signal);
}

std::string ErrorCode(const CommandResult& result, const OutcomeOptions& options) {
  if (result.cancelled) return "Cancelled";
  if (!options.error.empty()) return options.error;
  if (result.exit.signal != 0) return "Signal." + SignalName(result.exit.signal);
  return "ExitCode." + std::to_string(result.exit.code);
}

std::string Cause(const CommandResult& result) {
  if (!result.err_tail.empty()) return result.err_tail;
  if (result.cancelled) return "stopped because cancellation was requested";
  if (result.exit.signal != 0) return "ended by " + SignalName(result.exit.signal);
  return "exit code " + std::to_string(result.exit.code);
}

absl::StatusOr<std::string> Output(const CommandResult& result, const OutcomeOptions& options) {
  if (!options.output_file.empty()) {
    TB_ASSIGN_OR_RETURN(const std::string content, ReadFile(options.output_file));
    return OutputFromText(content, options.raw);
  }
  if (result.out_overflowed) {
    return absl::InvalidArgumentError("the command wrote more than 4 MiB to standard output; use --output-file");
  }
  return OutputFromText(result.out, options.raw);
}

}  // namespace

std::string OutputFromText(const std::string& text, bool raw) {
  if (raw) return QuoteJson(RepairUtf8(text));
  const std::string trimmed = Trim(text);
  if (trimmed.empty()) return "{}";
  if (IsJson(trimmed)) return trimmed;
  return QuoteJson(RepairUtf8(text.substr(0, text.size() - (text.back() == '\n'))));
}

absl::StatusOr<v1::Settlement> MakeSettlement(const v1::TaskRef& task, const CommandResult& result,
                                              const OutcomeOptions& options) {
  v1::Settlement settlement;
  if (result.exit.succeeded() && !result.cancelled) {
    TB_ASSIGN_OR_RETURN(*settlement.mutable_succeed()->mutable_output(), Output(result, options));
    *settlement.mutable_succeed()->mutable_task() = task;
    return settlement;
  }
  *settlement.mutable_fail()->mutable_task() = task;
  settlement.mutable_fail()->set_error(ErrorCode(result, options));
  settlement.mutable_fail()->set_cause(Cause(result));
  return settlement;
}

}  // namespace tokenbroker::cli
