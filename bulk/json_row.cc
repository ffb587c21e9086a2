#include "bulk/json_row.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/json.h"
#include "base/shown_word.h"
#include "base/status_macros.h"
#include "bulk/row.h"
#include "json/cursor.h"

namespace tokenbroker::bulk {
namespace {

absl::Status WrongMember(std::string_view name, const char* what) {
  return absl::InvalidArgumentError(absl::StrCat(Shown(name), " ", what));
}

// Which line it is the reader of the file knows better.
absl::Status CheckLine(std::string_view line) {
  const absl::Status status = CheckJson(line);
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrReplaceAll(status.message(), {{"(line 1, column", "(column"}}));
}

// The value that stands next, as it is written.
std::string_view TakeText(std::string_view line, json::Cursor& cursor) {
  cursor.Next();
  const size_t begin = cursor.offset();
  cursor.Skip();
  return line.substr(begin, cursor.offset() - begin);
}

absl::Status TakeMember(std::string_view line, json::Cursor& cursor, RowFields& fields) {
  const std::string name = json::Unescape(cursor.TakeName());
  std::optional<std::string>* member = Member(fields, name);
  if (member == nullptr) return WrongMember(name, "is no member of a row");
  if (member->has_value()) return WrongMember(name, "is there twice");
  if (name == "output") {
    *member = std::string(TakeText(line, cursor));
    return absl::OkStatus();
  }
  if (cursor.Next() != json::Kind::kString) return WrongMember(name, "must be a string");
  *member = json::Unescape(cursor.TakeString());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::Settlement> ReadJsonRow(std::string_view line, const std::string& default_namespace) {
  TB_RETURN_IF_ERROR(CheckLine(line));
  json::Cursor cursor(line);
  if (cursor.Next() != json::Kind::kObject) return absl::InvalidArgumentError("must be a JSON object");
  RowFields fields;
  if (cursor.Enter()) {
    do {
      TB_RETURN_IF_ERROR(TakeMember(line, cursor, fields));
    } while (cursor.More());
  }
  return MakeSettlement(std::move(fields), default_namespace);
}

}  // namespace tokenbroker::bulk
