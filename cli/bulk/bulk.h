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
#include "bulk/format.h"
#include "bulk/journal.h"
#include "bulk/key_look_up.h"
#include "bulk/row_reader.h"
#include "cli/broker.h"
#include "cli/retry.h"
#include "cli/waiter.h"

namespace tokenbroker::cli {

struct BulkOptions {
  // Of the verdicts.
  bulk::Format format = bulk::Format::kJsonLines;
  size_t batch_items = 500;
  // Keeps a message below the 4 MiB that gRPC servers accept by default.
  size_t batch_bytes = 1 << 20;
  // As many unanswered batches as the broker reads ahead.
  size_t batches_in_flight = 4;
  // How long the broker may stay without an answer before we give up.
  DurationMs patience = 60'000;
};

// With a journal, the verdicts go there instead of being printed, rows that have one already are passed over, and a row
// named by key is sent to the task that had the key when the row was first read; see bulk/journal.h.
//
// Single-threaded: fills batches as long as input is there, and reads answers when it is not or enough are unanswered.
// When the stream breaks, unanswered batches are sent again, in order, over a new one; what had taken effect is then
// REPLAYED. Items refused for overload are sent again as well.
class Bulk {
 public:
  // `journal` may be nullptr.
  Bulk(Broker& broker, BulkOptions options, Waiter& waiter, Random random, std::ostream& out,
       bulk::Journal* journal = nullptr)
      : broker_(broker),
        options_(options),
        waiter_(waiter),
        random_(random),
        backoff_(std::move(random)),
        out_(out),
        journal_(journal) {}

  // Settles all rows. Returns the exit code of the first refused one, or 0. An error (input that cannot be read, a
  // broker that stays away, a journal that cannot be written) comes after a verdict of all rows that have one;
  // `first_unsettled_line` says where to resume.
  absl::StatusOr<int> Run(bulk::RowReader& rows);

  uint64_t first_unsettled_line() const { return next_to_print_; }
  // Whether the input was read to its end, or to where it makes no sense any more.
  bool finished() const { return finished_; }

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

  // Makes a batch of the rows that are there and sends it; waits for the first row only when nothing is unanswered.
  // False when there was no row.
  absl::StatusOr<bool> Fill(bulk::RowReader& rows);
  bulk::RowReader::Next ReadRow(bulk::RowReader& rows, bulk::Row& row, bool wait);
  void AddRow(Batch& batch, bulk::Row row);
  // Finds the tasks of rows named by key, and writes them into the journal.
  absl::Status FindTasks(Batch& batch);
  // One question, until nothing is refused that may be answered when it is asked again.
  absl::Status LookUp(bulk::KeyLookUp& keys);
  void Send(Batch& batch);
  absl::Status ReadAnswer();
  // Takes over the verdicts. Returns how long to pause before what is still open may be sent again.
  DurationMs Judge(Batch& batch, const v1::SettleStreamResponse& answer);
  // A new stream with all unanswered batches, after a pause; the error when patience is over.
  absl::Status Resume(const absl::Status& broken);
  absl::Status PrintJudged();
  void PrintItem(const Item& item);

  Broker& broker_;
  const BulkOptions options_;
  Waiter& waiter_;
  const Random random_;
  Backoff backoff_;
  std::ostream& out_;
  bulk::Journal* const journal_;

  std::unique_ptr<SettleStream> stream_;
  std::deque<Batch> batches_;
  uint64_t next_batch_id_ = 1;
  uint64_t next_line_ = 1;  // behind the last row that was read
  uint64_t next_to_print_ = 1;
  // When a verdict other than overload last came, or the first batch after a lull was sent.
  TimeMs last_progress_ = 0;
  bool ended_ = false;
  bool finished_ = false;
  absl::Status input_error_;
  int exit_code_ = 0;
};

}  // namespace tokenbroker::cli
