// WatchTasks as server-sent events: `id` is the cursor, `event` the kind of change, `data` the change as JSON. When the
// feed ends with a reason, the last event is "error", with the reason as AIP-193 has it; browsers come back by
// themselves, with the last cursor.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "server/calls/watch_feed.h"
#include "server/http/exchange.h"
#include "server/rest/route_table.h"
#include "server/web/shared.h"

namespace tokenbroker::web {

// Keeps itself until the feed has ended.
class WatchEvents final : public http::Listener,
                          private calls::WatchFeed::Sink,
                          public std::enable_shared_from_this<WatchEvents> {
 public:
  // Last-Event-ID, which browsers send when they come back, goes before the request's cursor.
  static void Serve(const Shared& shared, const rest::Found& found, http::ExchangePtr exchange);

  WatchEvents(const Shared& shared, http::ExchangePtr exchange) : shared_(shared), exchange_(std::move(exchange)) {}

 private:
  void Begin(const rest::Found& found);
  void Refuse(const broker::Refusal& refusal);
  // With the lock held.
  void StartStream();

  // --- Sink, on any thread ---
  void Write(const calls::pb::WatchTasksResponse& response) override;
  void End(const calls::Refused* why) override;

  // --- Listener ---
  void OnWritten() override { Written(true); }
  void OnAlarm() override;
  void OnGone() override;
  void Written(bool ok);

  const Shared& shared_;
  std::optional<calls::WatchFeed> feed_;
  std::shared_ptr<WatchEvents> self_;

  std::mutex mutex_;
  http::ExchangePtr exchange_;  // guarded by mutex_; null once it has ended
  bool streaming_ = false;      // guarded by mutex_
  bool writing_ = false;        // guarded by mutex_: the feed waits for Written
  bool gone_ = false;           // guarded by mutex_
};

}  // namespace tokenbroker::web
