#include "server/web/watch_events.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "json/json_writer.h"
#include "server/rest/bind.h"
#include "server/rest/error_body.h"
#include "server/web/caller.h"
#include "server/web/content_type.h"
#include "server/web/rest_answer.h"

namespace tokenbroker::web {
namespace {

namespace pb = calls::pb;

// Some proxies close what is silent for half a minute.
constexpr DurationMs kSignOfLife = 15'000;

std::string_view NameOf(pb::WatchTasksResponse::Kind kind) {
  std::string_view name = pb::WatchTasksResponse::Kind_Name(kind);
  if (name.substr(0, 5) == "KIND_") name.remove_prefix(5);
  return name;
}

std::string EventOf(const pb::WatchTasksResponse& response) {
  std::string event = absl::StrCat("id: ", response.cursor(), "\nevent: ");
  for (const char c : NameOf(response.kind())) event += absl::ascii_tolower(c);
  event += "\ndata: ";
  json::WriteJson(response, event);
  event += "\n\n";
  return event;
}

}  // namespace

void WatchEvents::Serve(const Shared& shared, const rest::Found& found, http::ExchangePtr exchange) {
  const auto events = std::make_shared<WatchEvents>(shared, std::move(exchange));
  events->self_ = events;
  events->exchange_->Listen(events);
  events->Begin(found);
}

void WatchEvents::Begin(const rest::Found& found) {
  const http::Request& request = exchange_->request();
  const Admission admission = Admit(*exchange_, shared_);
  if (admission.refusal) return Refuse(admission.refusal);
  if (!request.body.empty()) {
    if (const broker::Refusal refusal = CheckContentType(request, kJson)) return Refuse(refusal);
  }
  pb::WatchTasksRequest watch;
  if (absl::Status status = rest::Bind(found, request.query, request.body, watch); !status.ok()) {
    return Refuse(BadRequest(status));
  }
  if (const auto last = request.Find("Last-Event-ID"); last.has_value()) watch.set_cursor(std::string(*last));
  feed_.emplace(calls::WatchFeed::Parts{shared_.door, shared_.streams, shared_.sleepers, *admission.caller, *this});
  feed_->Start(std::move(watch));
  std::lock_guard<std::mutex> lock(mutex_);
  if (exchange_ != nullptr) StartStream();
}

void WatchEvents::Refuse(const broker::Refusal& refusal) {
  const calls::Refused refused{refusal};
  End(&refused);
}

void WatchEvents::StartStream() {
  if (std::exchange(streaming_, true)) return;
  http::Response head{.content_type = "text/event-stream"};
  head.AddHeader("Cache-Control", "no-store");
  head.AddHeader("X-Accel-Buffering", "no");
  exchange_->Stream(std::move(head));
  exchange_->WakeAfter(kSignOfLife);
}

void WatchEvents::Write(const pb::WatchTasksResponse& response) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (gone_) {
    lock.unlock();
    return feed_->Written(false);
  }
  StartStream();
  writing_ = true;
  exchange_->Write(EventOf(response));
}

void WatchEvents::End(const calls::Refused* why) {
  const std::shared_ptr<WatchEvents> self = std::move(self_);
  std::lock_guard<std::mutex> lock(mutex_);
  const http::ExchangePtr exchange = std::move(exchange_);
  if (!streaming_) {
    exchange->Answer(why == nullptr ? http::Response{.status = 499} : JsonRefusal(calls::ToStatus(*why)));
    return;
  }
  if (why != nullptr && !gone_) {
    std::string event = "event: error\ndata: ";
    rest::WriteError(calls::ToStatus(*why), event);
    exchange->Write(event + "\n\n");
  }
  exchange->End();
}

void WatchEvents::Written(bool ok) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!std::exchange(writing_, false)) return;
  }
  feed_->Written(ok);
}

void WatchEvents::OnAlarm() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (exchange_ == nullptr) return;
  if (!writing_) exchange_->Write(":\n\n");
  exchange_->WakeAfter(kSignOfLife);
}

void WatchEvents::OnGone() {
  bool waits = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    gone_ = true;
    waits = writing_;
  }
  if (waits) return Written(false);
  if (feed_.has_value()) feed_->Cancel();
}

}  // namespace tokenbroker::web
