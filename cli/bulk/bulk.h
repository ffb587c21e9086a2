// Settling many tasks over one stream: a verdict per line, in the order of the lines, in constant memory.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/broker.h"
#include "cli/bulk/line_reader.h"
#include "cli/retry.h"
#include "cli/waiter.h"

namespace tokenbroker::cli {

struct BulkOptions {
  std::string name_space;
  size_t batch_items = 500;
  // Keeps a message below the 4 MiB that gRPC servers accept by default.
  size_t batch_bytes = 1 << 20;
  // As many unanswered batches as the broker reads ahead.
  size_t batches_in_flight = 4;
  // How long the broker may stay without an answer before we give up.
  DurationMs patience = 60'000;
};

// Single-threaded: fills batches as long as input is there, and reads answers when it is not or enough are unanswered.
// When the stream breaks, unanswered batches are sent again, in order, over a new one; what had taken effect is then
// REPLAYED. Items refused for overload are sent again as well.
class Bulk {
 public:
  Bulk(Broker& broker, BulkOptions options, Waiter& waiter, Random random, std::ostream& out)
      : broker_(broker), options_(std::move(options)), waiter_(waiter), backoff_(std::move(random)), out_(out) {}

  // Settles all lines. Returns the exit code of the first refused line, or 0. An error (input that cannot be read, a
  // broker that stays away) comes after a verdict of all lines that have one; `first_unsettled_line` says where to
  // resume.
  absl::StatusOr<int> Run(LineSource& lines);

  uint64_t first_unsettled_line() const { return next_to_print_; }

 private:
  struct Item {
    uint64_t line = 0;
    v1::Settlement settlement;
    bool judged = false;
    v1::SettlementResult result;
    absl::Status error;  // OK when accepted, replayed or parked.
  };
  struct Batch {
    uint64_t id = 0;
    size_t bytes = 0;
    std::vector<Item> items;
    std::vector<Item*> Open();
  };

  // Makes a batch of the lines that are there and sends it; waits for the first line only when nothing is unanswered.
  // False when there was no line.
  bool Fill(LineSource& lines);
  LineSource::Next ReadLine(LineSource& lines, std::string& line, bool wait);
  void AddLine(Batch& batch, const std::string& line);
  void Send(Batch& batch);
  absl::Status ReadAnswer();
  // Takes over the verdicts. Returns how long to pause before what is still open may be sent again.
  DurationMs Judge(Batch& batch, const v1::SettleStreamResponse& answer);
  // A new stream with all unanswered batches, after a pause; the error when patience is over.
  absl::Status Resume(const absl::Status& broken);
  void PrintJudged();
  void PrintItem(const Item& item);

  Broker& broker_;
  const BulkOptions options_;
  Waiter& waiter_;
  Backoff backoff_;
  std::ostream& out_;

  std::unique_ptr<SettleStream> stream_;
  std::deque<Batch> batches_;
  uint64_t next_batch_id_ = 1;
  uint64_t next_line_ = 1;
  uint64_t next_to_print_ = 1;
  // When a verdict other than overload last came, or the first batch after a lull was sent.
  TimeMs last_progress_ = 0;
  bool ended_ = false;
  absl::Status input_error_;
  int exit_code_ = 0;
};

}  // namespace tokenbroker::cli
