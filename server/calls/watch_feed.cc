#include "server/calls/watch_feed.h"

#include <utility>

#include "base/system_clock.h"
#include "server/broker/refusals.h"
#include "server/calls/convert.h"
#include "server/calls/cursor.h"
#include "server/telemetry/log.h"

namespace tokenbroker::calls {
namespace {

// Whole records, with input and output, are in memory for each.
constexpr size_t kPage = 16;
constexpr DurationMs kCursorInterval = 10'000;
constexpr DurationMs kRetryWhenFull = 1000;
constexpr DurationMs kLogInterval = 10'000;

// The broker knows nothing of watches, so its observer is not told of them.
broker::Refusal TooManyWatches(const Door& door) {
  static LimitedLog log(kLogInterval);
  log.Write(ElapsedMicros() / 1000, Level::kWarning, "overloaded", {{"queue", "watches"}});
  door.metrics.overload_refusals(BoundedQueue::kWatches).Increment();
  return {broker::Reason::kOverloaded, "as many watches are under way as may be", "", kRetryWhenFull};
}

}  // namespace

void WatchFeed::Start(pb::WatchTasksRequest request) {
  request_ = std::move(request);
  if (const broker::Refusal refusal = Begin()) {
    const Refused refused{refusal};
    return parts_.sink.End(&refused);
  }
  parts_.door.broker.executor().Run([this] { ReadPage(); });
}

broker::Refusal WatchFeed::Begin() {
  if (broker::Refusal refusal = Validate(request_)) return refusal;
  if (!parts_.principal.May(broker::kRead, request_.namespace_()))
    return broker::LacksRight(parts_.principal, broker::kRead, request_.namespace_());
  const broker::Sequence newest = parts_.door.broker.committed();
  const auto cursor = request_.cursor().empty() ? newest : ParseCursor(request_.cursor());
  if (!cursor.has_value()) return broker::InvalidField("cursor", "must be one that a change or a list came with");
  // From before a restore: what it points to is not there any more.
  if (*cursor > newest) return CursorExpired();
  cursor_ = *cursor;
  cursor_sent_ = parts_.door.broker.clock().Now();
  filter_ = FilterOf(request_.filter());
  return parts_.streams.EnterWatch(*this) ? broker::Refusal() : TooManyWatches(parts_.door);
}

// --- The steps ---

void WatchFeed::ReadPage() {
  if (MustEnd()) return;
  broker::Broker& broker = parts_.door.broker;
  absl::StatusOr<broker::ChangePage> page = broker.Changes(request_.namespace_(), filter_, cursor_, kPage);
  if (!page.ok()) {
    const bool expired = absl::IsOutOfRange(page.status());
    const broker::Refusal refusal = expired ? CursorExpired() : ReadRefusal(page.status());
    const Refused refused{refusal};
    return parts_.sink.End(&refused);
  }
  page_ = *std::move(page);
  written_ = 0;
  cursor_moved_ |= page_.read_to != cursor_;
  cursor_ = page_.read_to;
  Continue();
}

void WatchFeed::Continue() {
  if (written_ < page_.changes.size()) return WriteNext();
  page_.changes.clear();
  CaughtUp();
}

void WatchFeed::WriteNext() {
  const broker::Change& change = page_.changes[written_++];
  pb::WatchTasksResponse response;
  response.set_kind(ToProto(change.kind));
  response.set_cursor(FormatCursor(change.sequence));
  SetTimestamp(change.time, response.mutable_at());
  FillTask(*change.task, request_.view() == pb::TASK_VIEW_FULL ? pb::TASK_VIEW_FULL : pb::TASK_VIEW_BASIC,
           response.mutable_task());
  cursor_moved_ = false;
  cursor_sent_ = parts_.door.broker.clock().Now();
  parts_.sink.Write(response);
}

// Nothing more in this page: tell how far it got, read the next, or sleep.
void WatchFeed::CaughtUp() {
  broker::Broker& broker = parts_.door.broker;
  const TimeMs now = broker.clock().Now();
  if (cursor_moved_ && now - cursor_sent_ >= kCursorInterval) {
    pb::WatchTasksResponse response;
    response.set_kind(pb::WatchTasksResponse::KIND_CURSOR);
    response.set_cursor(FormatCursor(cursor_));
    SetTimestamp(now, response.mutable_at());
    cursor_moved_ = false;
    cursor_sent_ = now;
    return parts_.sink.Write(response);
  }
  if (cursor_ < broker.committed()) return broker.executor().Run([this] { ReadPage(); });
  // Those who sleep already may have read further than we have, and are woken by later changes only: look once more.
  const auto stays_awake = [&] { return cancelled_ || draining_ || cursor_ < broker.committed(); };
  if (!parts_.sleepers.Add(*this, cursor_, stays_awake) && !MustEnd()) broker.executor().Run([this] { ReadPage(); });
}

bool WatchFeed::MustEnd() {
  if (cancelled_) {
    parts_.sink.End(nullptr);
  } else if (draining_) {
    const broker::Refusal refusal = broker::Draining();
    const Refused refused{refusal};
    parts_.sink.End(&refused);
  } else {
    return false;
  }
  return true;
}

// --- From outside ---

void WatchFeed::Written(bool ok) {
  if (!ok) cancelled_ = true;
  if (!MustEnd()) Continue();
}

void WatchFeed::Drain() {
  draining_ = true;
  WakeUp();
}

void WatchFeed::Cancel() {
  cancelled_ = true;
  WakeUp();
}

void WatchFeed::WakeUp() {
  if (parts_.sleepers.Remove(*this)) parts_.door.broker.executor().Run([this] { ReadPage(); });
}

}  // namespace tokenbroker::calls
