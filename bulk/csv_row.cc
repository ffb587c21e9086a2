#include "bulk/csv_row.h"

#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/shown_word.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "bulk/row.h"

namespace tokenbroker::bulk {
namespace {

// "column 12 ("output")": the column counts bytes in the field's own line.
absl::Status WrongField(const CsvRecord::Field& field, std::string_view name, const char* what) {
  return absl::InvalidArgumentError(absl::StrCat("column ", field.column, ": ", Shown(name), " ", what));
}

// A name that is not UTF-8 would break the results.
absl::Status WrongHeader(const CsvRecord::Field& field, const char* what) {
  return WrongField(field, IsValidUtf8(field.text) ? std::string_view(field.text) : "?", what);
}

}  // namespace

absl::StatusOr<CsvColumns> CsvColumns::Read(const CsvRecord& header) {
  CsvColumns columns;
  RowFields seen;
  for (const CsvRecord::Field& field : header.fields()) {
    std::optional<std::string>* member = Member(seen, field.text);
    if (member == nullptr) return WrongHeader(field, "is no column of a file of outcomes");
    if (member->has_value()) return WrongHeader(field, "is there twice");
    member->emplace();
    columns.names_.push_back(field.text);
  }
  if (!seen.token && !seen.task_id && !seen.key) {
    return absl::InvalidArgumentError("the header needs one of the columns token, task_id and key");
  }
  if (!seen.outcome && !seen.output && !seen.error && !seen.cause) {
    return absl::InvalidArgumentError("the header needs the column outcome, or output, or error");
  }
  return columns;
}

absl::StatusOr<v1::Settlement> CsvColumns::ReadRow(const CsvRecord& record,
                                                   const std::string& default_namespace) const {
  if (record.fields().size() != names_.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("has ", record.fields().size(), " fields where the header has ", names_.size()));
  }
  RowFields fields;
  for (size_t i = 0; i < names_.size(); ++i) {
    const CsvRecord::Field& field = record.fields()[i];
    if (!IsValidUtf8(field.text)) return WrongField(field, names_[i], "is not UTF-8");
    if (!field.text.empty()) *Member(fields, names_[i]) = field.text;
  }
  return MakeSettlement(std::move(fields), default_namespace);
}

}  // namespace tokenbroker::bulk
