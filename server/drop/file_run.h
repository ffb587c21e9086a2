// One file of outcomes, from its first row to its last.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "bulk/format.h"
#include "bulk/journal.h"
#include "bulk/row_reader.h"
#include "server/drop/settler.h"
#include "server/telemetry/broker_metrics.h"

namespace tokenbroker::drop {

enum class Ending {
  // Every row has its verdict.
  kDone,
  // Rows behind one that makes the rest unreadable have none.
  kFailed,
  // The broker stops; the journal knows how far it came.
  kInterrupted,
};

class FileRun {
 public:
  // Waits, unless the broker stops or has stopped: then false.
  using Pause = std::function<bool(DurationMs)>;
  struct Parts {
    Settler& settler;
    bulk::RowReader& rows;
    bulk::Journal& journal;
    bulk::Format format;
    BrokerMetrics& metrics;
    const Pause& pause;
  };

  explicit FileRun(const Parts& parts) : parts_(parts) {}

  // Settles the rows that have no verdict yet, in batches, each written down before the next. An error: the file cannot
  // be read, or the journal not written; the same may work later.
  absl::StatusOr<Ending> Run();

 private:
  struct Item {
    uint64_t line = 0;
    v1::SettlementResult result;
    // Its place among the settlements; -1 for a row that could not be read.
    int settlement = -1;
  };
  struct Batch {
    std::vector<Item> items;
    Settler::Items settlements;
    size_t bytes = 0;
  };

  // False at the end of the file.
  absl::StatusOr<bool> Fill(Batch& batch);
  // These two: false if the broker stops first.
  absl::StatusOr<bool> FindTasks(Batch& batch);
  bool Settle(Batch& batch);
  absl::Status Record(const Batch& batch);

  const Parts parts_;
  bool unreadable_ = false;
};

}  // namespace tokenbroker::drop
