// Places in the log, as callers keep them. Opaque to them; two hexadecimal forms to us.
//
//   watch cursor   "c" sequence (16 digits)
//   page token     "p" sequence (16 digits), hash of the conditions (16 digits)
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/broker/reason.h"
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

// Where the page begins that the request asks for: `from` stays as it is for the first one.
template <typename Request>
broker::Refusal ReadPageToken(const Request& request, storage::Sequence& from) {
  if (request.page_token().empty()) return {};
  const std::optional<storage::Sequence> place = ParsePageToken(request.page_token(), HashConditions(request));
  if (place.has_value()) {
    from = *place;
    return {};
  }
  return broker::InvalidField("page_token", "must be one from the previous page of a list with the same conditions");
}

}  // namespace tokenbroker::calls
