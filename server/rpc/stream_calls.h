// The streaming methods of the contract: calls::WatchFeed, calls::SettleFeed and calls::SubscribeFeed, over gRPC.
#pragma once

#include <optional>

#include "server/calls/settle_feed.h"
#include "server/calls/subscribe_feed.h"
#include "server/calls/watch_feed.h"
#include "server/rpc/stream_call.h"

namespace tokenbroker::rpc {

class WatchTasksCall : public StreamCall, private calls::WatchFeed::Sink {
 public:
  WatchTasksCall(Parts parts, calls::Streams& streams, calls::Sleepers& sleepers);

 private:
  void OnBegan() override { Read(); }
  void OnRead(bool ok) override;
  void OnWritten(bool ok) override { feed_->Written(ok); }
  void OnGone() override;

  void Write(const calls::pb::WatchTasksResponse& response) override { StreamCall::Write(response); }
  void End(const calls::Refused* why) override;

  calls::Streams& streams_;
  calls::Sleepers& sleepers_;
  std::optional<calls::WatchFeed> feed_;
};

class SettleStreamCall : public StreamCall, private calls::SettleFeed::Sink {
 public:
  SettleStreamCall(Parts parts, calls::Streams& streams);

 private:
  void OnBegan() override;
  void OnRead(bool ok) override;
  void OnWritten(bool ok) override { feed_->Written(ok); }
  void OnGone() override;

  void Read() override { StreamCall::Read(); }
  void Write(const calls::pb::SettleStreamResponse& response) override { StreamCall::Write(response); }
  void End(How how, const calls::Refused& why) override;

  calls::Streams& streams_;
  std::optional<calls::SettleFeed> feed_;
};

class SubscribeCall : public StreamCall, private calls::SubscribeFeed::Sink {
 public:
  SubscribeCall(Parts parts, calls::Streams& streams);

 private:
  void OnBegan() override;
  void OnRead(bool ok) override;
  void OnWritten(bool ok) override { feed_->Written(ok); }
  void OnGone() override;

  void Read() override { StreamCall::Read(); }
  void Write(const calls::pb::SubscribeResponse& response) override { StreamCall::Write(response); }
  void End(How how, const calls::Refused& why) override;

  calls::Streams& streams_;
  std::optional<calls::SubscribeFeed> feed_;
};

}  // namespace tokenbroker::rpc
