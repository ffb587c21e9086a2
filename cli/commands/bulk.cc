#include "cli/bulk/bulk.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/status_macros.h"
#include "cli/command.h"

namespace tokenbroker::cli {
namespace {

constexpr DurationMs kPatience = 60'000;
constexpr size_t kBatchMax = 1000;

struct BulkFlags {
  std::string file = "-";
  size_t batch = 500;
};

class OpenFile {
 public:
  static absl::StatusOr<OpenFile> Open(const std::string& path, int in) {
    if (path == "-") return OpenFile(in, false);
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return absl::InvalidArgumentError("cannot read " + path + ": " + std::strerror(errno));
    return OpenFile(fd, true);
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

absl::StatusOr<int> SettleAll(Session& session, const BulkFlags& flags) {
  if (flags.batch < 1 || flags.batch > kBatchMax) return absl::InvalidArgumentError("--batch must be 1 to 1000");
  TB_ASSIGN_OR_RETURN(const Settings settings, session.GetSettings());
  TB_ASSIGN_OR_RETURN(const OpenFile file, OpenFile::Open(flags.file, session.world().in));
  TB_ASSIGN_OR_RETURN(Broker* const broker, session.GetBroker());
  BulkOptions options;
  options.name_space = settings.name_space;
  options.batch_items = flags.batch;
  options.patience = settings.TimeoutOr(kPatience);
  LineReader lines(file.fd());
  Bulk bulk(*broker, options, session.world().waiter, session.world().random, session.out());
  auto exit_code = bulk.Run(lines);
  if (!exit_code.ok()) {
    session.err() << "tokenctl: lines before " << bulk.first_unsettled_line()
                  << " have their verdict; resume with: tail -n +" << bulk.first_unsettled_line()
                  << " FILE | tokenctl bulk\n";
  }
  return exit_code;
}

constexpr char kExamples[] = R"(  tokenctl bulk outcomes.jsonl > verdicts.jsonl
  ./export | tokenctl bulk | jq -c 'select(.error)'

Each line settles one task, named by "token", "id" or "key":
  {"key": "order-17", "output": {"approved": true}}
  {"id": "0123456789abcdef01", "error": "Rejected", "cause": "no stock"}
Sending a line again is harmless: the verdict is then REPLAYED.)";

}  // namespace

void AddBulkCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line.root, "bulk", "Settle many tasks: JSONL in, a verdict per line out", kExamples);
  auto flags = std::make_shared<BulkFlags>();
  command->add_option("FILE", flags->file, "JSONL file; - or nothing for standard input");
  command->add_option("--batch", flags->batch, "Lines per message, 1 to 1000")->capture_default_str();
  OnRun(line, command, [flags](Session& session) { return SettleAll(session, *flags); });
}

}  // namespace tokenbroker::cli
