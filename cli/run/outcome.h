// From how a command ended to what the task is settled with.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cli/run/capture.h"
#include "cli/run/child.h"
#include "tokenbroker/v1/resolver_service.pb.h"

namespace tokenbroker::cli {

struct OutcomeOptions {
  // The output is this file's content instead of standard output.
  std::string output_file;
  // The output is always a JSON string, even where the text is JSON.
  bool raw = false;
  // The error code instead of "ExitCode.N" and "Signal.NAME".
  std::string error;
};

struct CommandResult {
  ExitStatus exit;
  // We stopped it, because somebody asked for cancellation.
  bool cancelled = false;
  std::string out;
  bool out_overflowed = false;
  std::string err_tail;
  // StampOf the output file before the command was started.
  std::string output_file_before;
};

// Changes whenever the file is written, touched or replaced. Empty when there is no such file, or it is no regular one.
std::string StampOf(const std::string& path);

// Exit code 0 succeeds, everything else fails. INVALID_ARGUMENT when there is no output to send: the file cannot be
// read, or is one that the command did not write, or standard output was longer than is kept.
absl::StatusOr<v1::Settlement> MakeSettlement(const v1::TaskRef& task, const CommandResult& result,
                                              const OutcomeOptions& options);

// JSON as it is, without the white space around it; nothing as {}; anything else as a JSON string without its last
// newline. `raw`: every byte, as a JSON string. INVALID_ARGUMENT for what is not UTF-8, which JSON cannot hold.
absl::StatusOr<std::string> OutputFromText(const std::string& text, bool raw);

}  // namespace tokenbroker::cli
