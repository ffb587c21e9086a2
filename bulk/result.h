// What is said of one row, as a line of the results.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "bulk/format.h"
#include "tokenbroker/v1/resolver_service.pb.h"

namespace tokenbroker::bulk {

struct Result {
  // Of the row, from 1.
  uint64_t line = 0;
  v1::SettlementResult judged;
  // The row was sent by a run that went on with an interrupted one. REPLAYED may then be the earlier run's own work,
  // whose answer was lost.
  bool resumed = false;
};

// The judgement of a row that could not be read.
v1::SettlementResult Unreadable(const absl::Status& why);

// "ACCEPTED".
std::string NameOf(v1::Verdict verdict);

// The first line of CSV results; JSONL has none.
std::string ResultsHeader(Format format);
// One line without its line feed. Never holds a token.
std::string WriteResult(const Result& result, Format format);

}  // namespace tokenbroker::bulk
