// The rows of a file of outcomes, one after the other, in bounded memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bulk/csv.h"
#include "bulk/csv_row.h"
#include "bulk/format.h"
#include "bulk/line_reader.h"
#include "tokenbroker/v1/resolver_service.pb.h"

namespace tokenbroker::bulk {

struct Row {
  // Where it begins, from 1.
  uint64_t line = 0;
  // About what it takes in memory.
  size_t bytes = 0;
  // INVALID_ARGUMENT: what is wrong with this row; the others are not concerned.
  absl::StatusOr<v1::Settlement> settlement;
};

class RowReader {
 public:
  using Next = LineSource::Next;

  // Keeps a reference to the lines.
  RowReader(LineSource& lines, Format format, std::string default_namespace)
      : lines_(lines), format_(format), default_namespace_(std::move(default_namespace)) {}

  // The next row that is not blank. A byte order mark before the first is skipped. A line that is too long, a CSV
  // header or a record that cannot be understood is a last row with its error; the call after it says INVALID_ARGUMENT,
  // for good, with the same text, which begins with the line: what stands behind is not read. UNAVAILABLE when the file
  // cannot be read.
  absl::StatusOr<Next> Read(Row& row, bool wait);

 private:
  // The row that nothing follows.
  Next Break(Row& row, uint64_t line, const absl::Status& why);
  absl::StatusOr<Next> ReadLine(bool wait);
  // False for a blank line.
  absl::StatusOr<bool> TakeLine(Row& row);
  absl::StatusOr<bool> TakeCsvLine(Row& row);
  absl::Status BrokenRecord() const;

  LineSource& lines_;
  const Format format_;
  const std::string default_namespace_;
  std::string line_;
  uint64_t line_number_ = 0;
  CsvRecord record_;
  uint64_t record_begins_ = 0;
  bool record_open_ = false;
  std::optional<CsvColumns> columns_;
  absl::Status failure_;
};

}  // namespace tokenbroker::bulk
