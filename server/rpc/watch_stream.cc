#include "server/rpc/watch_stream.h"

#include "base/system_clock.h"
#include "server/broker/rules.h"
#include "server/rpc/call.h"
#include "server/rpc/caller.h"
#include "server/rpc/convert.h"
#include "server/rpc/cursor.h"

namespace tokenbroker::rpc {
namespace {

// Whole records, with input and output, are in memory for each.
constexpr size_t kPage = 16;
constexpr DurationMs kCursorInterval = 10'000;
constexpr DurationMs kRetryWhenFull = 1000;

}  // namespace

WatchStream::WatchStream(const Parts& parts, const grpc::ByteBuffer& request)
    : parts_(parts), under_way_(*parts.door.under_way), began_(ElapsedMicros()) {
  if (const broker::Refusal refusal = Begin(request)) {
    End(ToStatus({refusal}));
  } else {
    parts_.door.broker.executor().Run([this] { ReadPage(); });
  }
}

broker::Refusal WatchStream::Begin(const grpc::ByteBuffer& request) {
  principal_ = CallerOf(parts_.context, parts_.door.authenticator);
  if (principal_ == nullptr) return CredentialsUnknown();
  grpc::ByteBuffer bytes(request);
  if (!ParseMessage(bytes, request_)) return MessageMalformed(request_.GetTypeName());
  if (broker::Refusal refusal = Validate(request_)) return refusal;
  if (!principal_->May(broker::kRead, request_.namespace_()))
    return broker::PermissionDenied("read", request_.namespace_());
  const broker::Sequence newest = parts_.door.broker.committed();
  const auto cursor = request_.cursor().empty() ? newest : ParseCursor(request_.cursor());
  if (!cursor.has_value()) return broker::InvalidField("cursor", "must be one that a change or a list came with");
  // From before a restore: what it points to is not there any more.
  if (*cursor > newest) return CursorExpired();
  cursor_ = *cursor;
  cursor_sent_ = parts_.door.broker.clock().Now();
  filter_ = FilterOf(request_.filter());
  if (parts_.streams.EnterWatch(*this)) return {};
  parts_.door.metrics.overload_refusals(BoundedQueue::kWatches).Increment();
  return {broker::Reason::kOverloaded, "as many watches are under way as may be", "", kRetryWhenFull};
}

// --- The steps ---

void WatchStream::ReadPage() {
  if (MustEnd()) return;
  broker::Broker& broker = parts_.door.broker;
  absl::StatusOr<broker::ChangePage> page = broker.Changes(request_.namespace_(), filter_, cursor_, kPage);
  if (!page.ok()) {
    const bool expired = absl::IsOutOfRange(page.status());
    return End(ToStatus({expired ? CursorExpired() : ReadRefusal(page.status())}));
  }
  page_ = *std::move(page);
  written_ = 0;
  cursor_moved_ |= page_.read_to != cursor_;
  cursor_ = page_.read_to;
  Continue();
}

void WatchStream::Continue() {
  if (written_ < page_.changes.size()) return WriteNext();
  page_.changes.clear();
  CaughtUp();
}

void WatchStream::WriteNext() {
  const broker::Change& change = page_.changes[written_++];
  tokenbroker::v1::WatchTasksResponse response;
  response.set_kind(ToProto(change.kind));
  response.set_cursor(FormatCursor(change.sequence));
  SetTimestamp(change.time, response.mutable_at());
  FillTask(*change.task, request_.view() == pb::TASK_VIEW_FULL ? pb::TASK_VIEW_FULL : pb::TASK_VIEW_BASIC,
           response.mutable_task());
  cursor_moved_ = false;
  cursor_sent_ = parts_.door.broker.clock().Now();
  Write(response);
}

// Nothing more in this page: tell how far it got, read the next, or sleep.
void WatchStream::CaughtUp() {
  broker::Broker& broker = parts_.door.broker;
  const TimeMs now = broker.clock().Now();
  if (cursor_moved_ && now - cursor_sent_ >= kCursorInterval) {
    tokenbroker::v1::WatchTasksResponse response;
    response.set_kind(tokenbroker::v1::WatchTasksResponse::KIND_CURSOR);
    response.set_cursor(FormatCursor(cursor_));
    SetTimestamp(now, response.mutable_at());
    cursor_moved_ = false;
    cursor_sent_ = now;
    return Write(response);
  }
  if (cursor_ < broker.committed()) return broker.executor().Run([this] { ReadPage(); });
  // Those who sleep already may have read further than we have, and are woken by later changes only: look once more.
  const auto stays_awake = [&] { return cancelled_ || draining_ || cursor_ < broker.committed(); };
  if (!parts_.sleepers.Add(*this, cursor_, stays_awake) && !MustEnd()) broker.executor().Run([this] { ReadPage(); });
}

// Without gRPC's buffer hint: a buffered write of some sizes is neither sent nor reported as done, and the stream
// stands still.
void WatchStream::Write(const tokenbroker::v1::WatchTasksResponse& response) {
  out_.Clear();
  SerializeMessage(response, out_);
  StartWrite(&out_);
}

bool WatchStream::MustEnd() {
  if (cancelled_) {
    End(grpc::Status(grpc::StatusCode::CANCELLED, "the caller went away"));
  } else if (draining_) {
    End(ToStatus({Draining()}));
  } else {
    return false;
  }
  return true;
}

void WatchStream::End(const grpc::Status& status) {
  parts_.metrics.OnDone(status.error_code(), static_cast<double>(ElapsedMicros() - began_) * 1e-6);
  Finish(status);
}

// --- From outside ---

void WatchStream::OnWriteDone(bool ok) {
  if (!ok) cancelled_ = true;
  if (!MustEnd()) Continue();
}

void WatchStream::Drain() {
  draining_ = true;
  if (parts_.sleepers.Remove(*this)) parts_.door.broker.executor().Run([this] { ReadPage(); });
}

void WatchStream::OnCancel() {
  cancelled_ = true;
  if (parts_.sleepers.Remove(*this)) parts_.door.broker.executor().Run([this] { ReadPage(); });
}

void WatchStream::OnDone() {
  parts_.streams.Leave(*this);
  delete this;
}

}  // namespace tokenbroker::rpc
