// Rows come in order, errors are short and valid text, results are one line each.
#include "base/json.h"
#include "base/text.h"
#include "bulk/result.h"
#include "bulk/row_reader.h"
#include "tests/bulk/text_lines.h"
#include "tests/fuzz/fuzz.h"

namespace tokenbroker::bulk {
namespace {

void CheckMessage(const absl::Status& status) {
  TB_HOLDS(absl::IsInvalidArgument(status));
  TB_HOLDS(status.message().size() < 512);
  TB_HOLDS(IsValidUtf8(std::string(status.message())));
}

void CheckRow(const Row& row) {
  if (row.settlement.ok()) {
    TB_HOLDS(row.settlement->has_succeed() != row.settlement->has_fail());
    return;
  }
  CheckMessage(row.settlement.status());
  const Result result{row.line, Unreadable(row.settlement.status())};
  TB_HOLDS(CheckJson(WriteResult(result, Format::kJsonLines)).ok());
  TB_HOLDS(WriteResult(result, Format::kCsv).find('\n') == std::string::npos);
}

void Check(std::string_view text, Format format) {
  TextLines lines{std::string(text)};
  RowReader reader(lines, format, "ns");
  uint64_t last = 0;
  while (true) {
    Row row;
    const auto next = reader.Read(row, true);
    if (!next.ok()) return CheckMessage(next.status());
    if (*next == RowReader::Next::kEnd) return;
    TB_HOLDS(row.line > last);
    last = row.line;
    CheckRow(row);
  }
}

}  // namespace
}  // namespace tokenbroker::bulk

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = tokenbroker::ViewOf(data, size);
  tokenbroker::bulk::Check(text, tokenbroker::bulk::Format::kCsv);
  tokenbroker::bulk::Check(text, tokenbroker::bulk::Format::kJsonLines);
  return 0;
}
