#include "bulk/row_reader.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "bulk/json_row.h"

namespace tokenbroker::bulk {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool IsBlank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

absl::Status At(uint64_t line, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", what));
}

absl::Status TooLong(uint64_t line) { return At(line, "is longer than 8 MiB"); }

}  // namespace

absl::StatusOr<RowReader::Next> RowReader::Read(Row& row, bool wait) {
  while (failure_.ok()) {
    const auto next = ReadLine(wait);
    if (absl::IsInvalidArgument(next.status())) return Break(row, line_number_ + 1, TooLong(line_number_ + 1));
    if (!next.ok()) return failure_ = next.status();
    if (*next == Next::kEnd && record_open_) return Break(row, record_begins_, BrokenRecord());
    if (*next != Next::kLine) return *next;
    const auto taken = format_ == Format::kCsv ? TakeCsvLine(row) : TakeLine(row);
    if (!taken.ok()) return Break(row, record_begins_, taken.status());
    if (*taken) return Next::kLine;
  }
  return failure_;
}

RowReader::Next RowReader::Break(Row& row, uint64_t line, const absl::Status& why) {
  failure_ = why;
  row.line = line;
  row.bytes = 0;
  row.settlement = why;
  return Next::kLine;
}

absl::StatusOr<RowReader::Next> RowReader::ReadLine(bool wait) {
  TB_ASSIGN_OR_RETURN(const Next next, lines_.Read(line_, wait));
  if (next != Next::kLine) return next;
  if (++line_number_ == 1 && line_.compare(0, kByteOrderMark.size(), kByteOrderMark) == 0) {
    line_.erase(0, kByteOrderMark.size());
  }
  return next;
}

absl::StatusOr<bool> RowReader::TakeLine(Row& row) {
  if (IsBlank(line_)) return false;
  row.line = line_number_;
  row.bytes = line_.size();
  row.settlement = ReadJsonRow(line_, default_namespace_);
  return true;
}

absl::StatusOr<bool> RowReader::TakeCsvLine(Row& row) {
  if (!record_open_) {
    if (line_.empty() || line_ == "\r") return false;
    record_.Clear();
    record_begins_ = line_number_;
  }
  const CsvRecord::State state = record_.Add(line_);
  record_open_ = state == CsvRecord::State::kOpen;
  if (state == CsvRecord::State::kBroken) return BrokenRecord();
  if (record_.bytes() > LineReader::kLongestLine) return TooLong(record_begins_);
  if (record_open_) return false;
  if (columns_) {
    row.line = record_begins_;
    row.bytes = record_.bytes();
    row.settlement = columns_->ReadRow(record_, default_namespace_);
    return true;
  }
  auto columns = CsvColumns::Read(record_);
  if (!columns.ok()) return At(record_begins_, columns.status().message());
  columns_ = *std::move(columns);
  return false;
}

absl::Status RowReader::BrokenRecord() const {
  return absl::InvalidArgumentError(absl::StrCat("line ", record_begins_ + record_.error_line(), ", column ",
                                                 record_.error_column(), ": ", record_.error()));
}

}  // namespace tokenbroker::bulk
