// Places in the log, as callers keep them. Opaque to them; two hexadecimal forms to us.
//
//   watch cursor   "c" sequence (16 digits)
//   page token     "p" sequence (16 digits), hash of the conditions (16 digits)
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storage/token_store.h"
#include "tokenbroker/v1/delivery_service.pb.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::calls {

std::string FormatCursor(storage::Sequence after);
// Nothing if it is no cursor of ours.
std::optional<storage::Sequence> ParseCursor(std::string_view text);

std::string FormatPageToken(storage::Sequence from, uint64_t conditions);
// Nothing if it is no token of ours, or of a list with other conditions.
std::optional<storage::Sequence> ParsePageToken(std::string_view text, uint64_t conditions);

// The same for the same conditions, in every process.
uint64_t HashConditions(const tokenbroker::v1::ListTasksRequest& request);
uint64_t HashConditions(const tokenbroker::v1::ListDeliveriesRequest& request);

}  // namespace tokenbroker::calls
