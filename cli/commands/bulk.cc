#include "cli/bulk/bulk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>

#include "base/status_macros.h"
#include "bulk/line_reader.h"
#include "bulk/result.h"
#include "bulk/row_reader.h"
#include "cli/bulk/results_file.h"
#include "cli/command.h"
#include "cli/file.h"

namespace tokenbroker::cli {
namespace {

constexpr DurationMs kPatience = 60'000;
constexpr size_t kBatchMax = 1000;

struct BulkFlags {
  std::string file = "-";
  std::string format;
  std::string results;
  size_t batch = 500;
};

class OpenFile {
 public:
  static absl::StatusOr<OpenFile> Open(const std::string& path, int in) {
    if (path == "-") return OpenFile(in, false);
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return absl::InvalidArgumentError("cannot read " + ShownPath(path) + ": " + std::strerror(errno));
    OpenFile file(fd, true);
    struct stat info;
    if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) return absl::InvalidArgumentError(path + " is a folder");
    return file;
  }
  OpenFile(OpenFile&& other) noexcept : fd_(other.fd_), owned_(std::exchange(other.owned_, false)) {}
  ~OpenFile() {
    if (owned_) close(fd_);
  }
  int fd() const { return fd_; }

 private:
  OpenFile(int fd, bool owned) : fd_(fd), owned_(owned) {}
  int fd_;
  bool owned_;
};

bool IsRegularFile(int fd) {
  struct stat info;
  return fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

absl::StatusOr<bulk::Format> FormatFor(const BulkFlags& flags) {
  if (flags.format.empty()) return bulk::FormatOf(flags.file).value_or(bulk::Format::kJsonLines);
  if (flags.format == "csv") return bulk::Format::kCsv;
  if (flags.format == "jsonl") return bulk::Format::kJsonLines;
  return absl::InvalidArgumentError("--format must be csv or jsonl");
}

// Empty: standard output.
std::string ResultsPath(const BulkFlags& flags, int fd, bulk::Format format) {
  if (flags.results == "-") return "";
  if (!flags.results.empty()) return flags.results;
  return flags.file != "-" && IsRegularFile(fd) ? flags.file + bulk::ResultsSuffix(format) : "";
}

// "3 accepted, 1 refused"
std::string Summary(const bulk::Journal::Counts& counts) {
  std::string text;
  for (size_t i = 1; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    std::string name = bulk::NameOf(static_cast<v1::Verdict>(i));
    for (char& c : name) c = static_cast<char>(std::tolower(c));
    text += (text.empty() ? "" : ", ") + std::to_string(counts[i]) + " " + name;
  }
  return text.empty() ? "no rows" : text;
}

absl::StatusOr<int> SettleIntoFile(Session& session, const std::string& path, const ResultsFile::Input& input,
                                   const std::function<Bulk(bulk::Journal*)>& make, bulk::RowReader& rows) {
  if (!IsRegularFile(input.fd)) return absl::InvalidArgumentError("--results needs a file to resume, not a pipe");
  TB_ASSIGN_OR_RETURN(ResultsFile results, ResultsFile::Open(path, input));
  if (results.journal().resumed()) {
    session.err() << "tokenctl: going on behind line " << results.journal().last_line()
                  << ", where an earlier run was interrupted\n";
  }
  Bulk bulk = make(&results.journal());
  const auto exit_code = bulk.Run(rows);
  if (!bulk.finished()) {
    session.err() << "tokenctl: interrupted; the same command goes on behind line " << results.journal().last_line()
                  << "\n";
    return exit_code;
  }
  TB_RETURN_IF_ERROR(results.Publish());
  session.err() << "tokenctl: " << Summary(results.journal().counts()) << "\n";
  session.out() << path << "\n";
  return exit_code;
}

absl::StatusOr<int> SettleOntoOutput(Session& session, Bulk bulk, bulk::RowReader& rows, bulk::Format format) {
  if (format == bulk::Format::kCsv) session.out() << bulk::ResultsHeader(format) << "\n";
  const auto exit_code = bulk.Run(rows);
  if (!exit_code.ok()) {
    session.err() << "tokenctl: lines before " << bulk.first_unsettled_line() << " have their verdict";
    // The rest of a CSV file lacks its header.
    if (format == bulk::Format::kJsonLines) {
      session.err() << "; resume with: tail -n +" << bulk.first_unsettled_line() << " FILE | tokenctl bulk";
    }
    session.err() << "\n";
  }
  return exit_code;
}

absl::StatusOr<int> SettleAll(Session& session, const BulkFlags& flags) {
  if (flags.batch < 1 || flags.batch > kBatchMax) return absl::InvalidArgumentError("--batch must be 1 to 1000");
  TB_ASSIGN_OR_RETURN(const bulk::Format format, FormatFor(flags));
  TB_ASSIGN_OR_RETURN(const Settings settings, session.GetSettings());
  TB_ASSIGN_OR_RETURN(const OpenFile file, OpenFile::Open(flags.file, session.world().in));
  TB_ASSIGN_OR_RETURN(Broker* const broker, session.GetBroker());
  BulkOptions options;
  options.format = format;
  options.batch_items = flags.batch;
  options.patience = settings.TimeoutOr(kPatience);
  const auto make = [&](bulk::Journal* journal) {
    return Bulk(*broker, options, session.world().waiter, session.world().random, session.out(), journal);
  };
  bulk::LineReader lines(file.fd());
  bulk::RowReader rows(lines, format, settings.name_space);
  const std::string path = ResultsPath(flags, file.fd(), format);
  if (path.empty()) return SettleOntoOutput(session, make(nullptr), rows, format);
  return SettleIntoFile(session, path, {file.fd(), format, settings.name_space}, make, rows);
}

constexpr char kExamples[] = R"(  tokenctl bulk outcomes.csv            # verdicts in outcomes.csv.results.csv
  ./export | tokenctl bulk | jq -c 'select(.error)'

Each row settles one task, named by "token", "task_id" or "key":
  {"key": "order-17", "output": {"approved": true}}
  {"task_id": "0123456789abcdef01", "error": "Rejected", "cause": "no stock"}
or, as CSV, under a first line that names the columns:
  key,outcome,output,error,cause
  order-17,succeed,"{""approved"": true}",,
Sending a row again is harmless: the verdict is then REPLAYED. A run that was interrupted is gone on with by the same
command.)";

}  // namespace

void AddBulkCommand(CommandLine& line) {
  CLI::App* command =
      AddCommand(line.root, "bulk", "Settle many tasks: JSONL or CSV in, a verdict per row out", kExamples);
  auto flags = std::make_shared<BulkFlags>();
  AsFile(command->add_option("FILE", flags->file, "JSONL or CSV file; - or nothing for standard input"));
  command->add_option("--format", flags->format, "csv or jsonl; default: by the file's name, else jsonl");
  AsFile(command->add_option(
      "--results", flags->results,
      "Where the verdicts go, - for standard output; default: FILE.results.jsonl or .csv, beside FILE"));
  command->add_option("--batch", flags->batch, "Lines per message, 1 to 1000")->capture_default_str();
  OnRun(line, command, {}, [flags](Session& session) { return SettleAll(session, *flags); });
}

}  // namespace tokenbroker::cli
