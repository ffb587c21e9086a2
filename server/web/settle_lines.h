// SettleStream as NDJSON both ways: a line in is a SettleStreamRequest, a line out its SettleStreamResponse. When the
// stream is refused, the last line is the error, as AIP-193 has it.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "server/calls/settle_feed.h"
#include "server/http/exchange.h"
#include "server/web/shared.h"

namespace tokenbroker::web {

// Keeps itself until the feed has ended.
class SettleLines final : public http::Listener,
                          private calls::SettleFeed::Sink,
                          public std::enable_shared_from_this<SettleLines> {
 public:
  static void Serve(const Shared& shared, http::ExchangePtr exchange);

  SettleLines(const Shared& shared, http::ExchangePtr exchange);
  ~SettleLines() override { Hold(0); }

 private:
  void Begin();
  // The next line, if it is there; else asks for more. On the lane.
  void TakeLine();
  void WantMore();
  // Answers for so much of a line whose end has not come; false if all streams together hold too much.
  bool Hold(size_t bytes);
  void TakeText(std::string_view line);

  // --- Sink, on any thread ---
  void Read() override;
  void Write(const calls::pb::SettleStreamResponse& response) override;
  void End(How how, const calls::Refused& why) override;
  void Close(How how, const calls::Refused& why);

  // --- Listener, on the lane ---
  void OnBody(std::string_view bytes, bool last) override;
  void OnWritten() override;
  void OnGone() override;

  const Shared& shared_;
  http::Home& lane_;
  std::optional<calls::SettleFeed> feed_;
  std::shared_ptr<SettleLines> self_;
  // The lane's own:
  std::string text_;
  size_t taken_ = 0;     // bytes of `text_` that are done with
  size_t searched_ = 0;  // bytes of `text_` that hold no line's end
  int64_t held_ = 0;
  size_t lines_ = 0;
  bool last_ = false;

  std::mutex mutex_;
  http::ExchangePtr exchange_;  // guarded by mutex_; null once it has ended
  bool streaming_ = false;      // guarded by mutex_
  bool writing_ = false;        // guarded by mutex_
  bool gone_ = false;           // guarded by mutex_
};

}  // namespace tokenbroker::web
