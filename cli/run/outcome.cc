#include "cli/run/outcome.h"

#include <string.h>
#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/text.h"
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

// A file that an earlier run left is not this command's output.
absl::Status CheckWritten(const std::string& path, const std::string& before) {
  if (before.empty() || StampOf(path) != before) return absl::OkStatus();
  return absl::InvalidArgumentError("the command did not write " + path + ", which was there before it");
}

absl::StatusOr<std::string> Output(const CommandResult& result, const OutcomeOptions& options) {
  if (!options.output_file.empty()) {
    TB_RETURN_IF_ERROR(CheckWritten(options.output_file, result.output_file_before));
    TB_ASSIGN_OR_RETURN(const std::string content, ReadFile(options.output_file));
    return OutputFromText(content, options.raw);
  }
  if (result.out_overflowed) {
    return absl::InvalidArgumentError("the command wrote more than 4 MiB to standard output; use --output-file");
  }
  return OutputFromText(result.out, options.raw);
}

}  // namespace

// The time of change alone would do but for file systems that keep none.
std::string StampOf(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return "";
  return absl::StrCat(info.st_dev, " ", info.st_ino, " ", info.st_size, " ", info.st_mtim.tv_sec, ".",
                      info.st_mtim.tv_nsec, " ", info.st_ctim.tv_sec, ".", info.st_ctim.tv_nsec);
}

absl::StatusOr<std::string> OutputFromText(const std::string& text, bool raw) {
  if (!IsValidUtf8(text)) {
    return absl::InvalidArgumentError(
        "the output is not UTF-8, so JSON cannot hold it; encode it, for example with base64");
  }
  if (raw) return QuoteJson(text);
  const std::string trimmed = Trim(text);
  if (trimmed.empty()) return "{}";
  if (IsJson(trimmed)) return trimmed;
  return QuoteJson(text.substr(0, text.size() - (text.back() == '\n')));
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
