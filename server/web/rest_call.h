// One unary call of the contract, through the REST door.
#pragma once

#include <memory>

#include "server/calls/call.h"
#include "server/calls/call_arena.h"
#include "server/http/exchange.h"
#include "server/rest/route_table.h"
#include "server/web/shared.h"

namespace tokenbroker::web {

// Makes the call of one method, in its arena.
using CallMaker = calls::Call* (*)(const calls::Call::Parts&);

struct RestMethod {
  CallMaker make = nullptr;
  RpcMetrics* metrics = nullptr;
  // Whether the call may wait for long, so that it wants to know when its caller has gone.
  bool may_wait = false;
};

// Keeps itself until it has answered.
class RestCall final : public http::Listener, private calls::Reply, public std::enable_shared_from_this<RestCall> {
 public:
  // Reads the request, and answers: now, or when the broker has decided.
  static void Serve(const Shared& shared, const RestMethod& method, const rest::Found& found,
                    http::ExchangePtr exchange);

  RestCall(const Shared& shared, const RestMethod& method, http::ExchangePtr exchange);

 private:
  void Begin(const rest::Found& found);
  // Empty if the request is one.
  broker::Refusal Read(const rest::Found& found);

  // --- Reply, on any thread ---
  void OnAnswered() override;
  void OnRefused(const calls::Refused& refused) override;
  void OnAbandoned() override;
  void End(int code, http::Response response);

  void OnGone() override;

  const Shared& shared_;
  const RestMethod& method_;
  const int64_t began_;
  http::ExchangePtr exchange_;
  calls::CallArena arena_;
  // In the arena.
  calls::Call* call_ = nullptr;
  std::shared_ptr<RestCall> self_;
};

}  // namespace tokenbroker::web
