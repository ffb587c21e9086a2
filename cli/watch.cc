#include "cli/watch.h"

#include <utility>

#include "base/status_macros.h"
#include "cli/retry.h"

namespace tokenbroker::cli {
namespace {

// A place to start from, so that a stream that breaks before its first change is resumed without a gap. It also tells
// at once whether the broker is there and lets us read.
absl::StatusOr<std::string> CurrentCursor(Broker& broker, const WatchOptions& options, Waiter& waiter,
                                          const Random& random) {
  v1::ListTasksRequest request;
  request.set_namespace_(options.request.namespace_());
  request.set_page_size(1);
  TB_ASSIGN_OR_RETURN(const v1::ListTasksResponse page,
                      Retrier(waiter, random).Run(options.patience, options.patience, [&](DurationMs left) {
                        return broker.List(request, left);
                      }));
  return page.watch_cursor();
}

v1::WatchTasksResponse BeginningAt(const std::string& cursor) {
  v1::WatchTasksResponse beginning;
  beginning.set_kind(v1::WatchTasksResponse::KIND_CURSOR);
  beginning.set_cursor(cursor);
  return beginning;
}

}  // namespace

absl::Status FollowChanges(Broker& broker, WatchOptions options, Waiter& waiter, Random random, std::ostream& remarks,
                           const std::function<absl::Status(const v1::WatchTasksResponse&)>& handle) {
  TB_ASSIGN_OR_RETURN(const std::string now, CurrentCursor(broker, options, waiter, random));
  if (options.request.cursor().empty()) options.request.set_cursor(now);
  TB_RETURN_IF_ERROR(handle(BeginningAt(options.request.cursor())));
  Backoff backoff(std::move(random));
  bool away = false;
  while (true) {
    const auto stream = broker.Watch(options.request);
    auto change = stream->Read();
    for (; change.ok(); change = stream->Read()) {
      if (std::exchange(away, false)) remarks << "tokenctl: the broker is back\n";
      backoff.Reset();
      TB_RETURN_IF_ERROR(handle(*change));
      options.request.set_cursor(change->cursor());
    }
    if (!IsRetryable(change.status())) return change.status();
    if (!std::exchange(away, true)) remarks << "tokenctl: the watch broke off and will resume\n";
    if (!waiter.Wait(backoff.Next(change.status()))) return change.status();
  }
}

}  // namespace tokenbroker::cli
