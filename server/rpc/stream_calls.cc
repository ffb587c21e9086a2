#include "server/rpc/stream_calls.h"

#include <utility>

#include "server/rpc/caller.h"

namespace tokenbroker::rpc {
namespace {

grpc::Status Gone() { return {grpc::StatusCode::CANCELLED, "the caller went away"}; }
grpc::Status StatusOf(const broker::Refusal& refusal) { return ToGrpc(calls::ToStatus({refusal})); }

template <typename How>
grpc::Status StatusAtEnd(How how, const calls::Refused& why) {
  if (how == How::kFinished) return grpc::Status();
  return how == How::kRefused ? ToGrpc(calls::ToStatus(why)) : Gone();
}

}  // namespace

// --- WatchTasks ---

WatchTasksCall::WatchTasksCall(Parts parts, calls::Streams& streams, calls::Sleepers& sleepers)
    : StreamCall(std::move(parts)), streams_(streams), sleepers_(sleepers) {}

void WatchTasksCall::OnRead(bool ok) {
  if (!ok) return StreamCall::End(Gone());
  calls::pb::WatchTasksRequest request;
  const broker::Principal* const principal = CallerOf(context(), door().authenticator);
  if (principal == nullptr) return StreamCall::End(StatusOf(calls::CredentialsUnknown()));
  if (const broker::Refusal refusal = ParseMessage(in(), request)) return StreamCall::End(StatusOf(refusal));
  feed_.emplace(calls::WatchFeed::Parts{door(), streams_, sleepers_, *principal, *this});
  feed_->Start(std::move(request));
}

void WatchTasksCall::OnGone() {
  if (feed_.has_value()) feed_->Cancel();
}

void WatchTasksCall::End(const calls::Refused* why) {
  StreamCall::End(why == nullptr ? Gone() : ToGrpc(calls::ToStatus(*why)));
}

// --- SettleStream ---

SettleStreamCall::SettleStreamCall(Parts parts, calls::Streams& streams)
    : StreamCall(std::move(parts)), streams_(streams) {}

void SettleStreamCall::OnBegan() {
  const broker::Principal* const principal = CallerOf(context(), door().authenticator);
  if (principal == nullptr) return StreamCall::End(StatusOf(calls::CredentialsUnknown()));
  feed_.emplace(calls::SettleFeed::Parts{door(), streams_, *principal, thread(), *this});
  feed_->Start();
}

void SettleStreamCall::OnRead(bool ok) {
  if (!ok) return feed_->ReadEnd();
  calls::pb::SettleStreamRequest request;
  if (const broker::Refusal refusal = ParseMessage(in(), request)) return feed_->CannotRead(refusal);
  feed_->Take(std::move(request));
}

void SettleStreamCall::OnGone() {
  if (feed_.has_value()) feed_->Cancel();
}

void SettleStreamCall::End(How how, const calls::Refused& why) { StreamCall::End(StatusAtEnd(how, why)); }

// --- Subscribe ---

SubscribeCall::SubscribeCall(Parts parts, calls::Streams& streams) : StreamCall(std::move(parts)), streams_(streams) {}

void SubscribeCall::OnBegan() {
  const broker::Principal* const principal = CallerOf(context(), door().authenticator);
  if (principal == nullptr) return StreamCall::End(StatusOf(calls::CredentialsUnknown()));
  feed_.emplace(calls::SubscribeFeed::Parts{door(), streams_, *principal, *this});
  feed_->Start();
}

void SubscribeCall::OnRead(bool ok) {
  if (!ok) return feed_->ReadEnd();
  calls::pb::SubscribeRequest request;
  if (const broker::Refusal refusal = ParseMessage(in(), request)) return feed_->CannotRead(refusal);
  feed_->Take(request);
}

void SubscribeCall::OnGone() {
  if (feed_.has_value()) feed_->Cancel();
}

void SubscribeCall::End(How how, const calls::Refused& why) { StreamCall::End(StatusAtEnd(how, why)); }

}  // namespace tokenbroker::rpc
