// One call and its answer, in the hands of an operation's handler.
//
//   void DescribeActivity(ExchangePtr exchange) {
//     std::optional<std::string> arn;
//     if (Error error = exchange->input().Text("activityArn", arn)) return exchange->Refuse(error);
//     exchange->Answer(R"({"activityArn":...})");
//   }
//
// The request's own bytes, and with them input(), end when the handler returns; the exchange may be kept, and answered
// later on any thread. Dropped unanswered, it answers InternalFailure.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "base/home.h"
#include "server/aws/error.h"
#include "server/aws/input.h"
#include "server/aws/message.h"
#include "server/aws/relay.h"
#include "server/broker/principal.h"

namespace tokenbroker::aws {

// Called once, on any thread.
using Done = absl::AnyInvocable<void(Answer answer)>;

class Exchange {
 public:
  // `home` and `done` as in Door::Serve.
  Exchange(const Request& request, Home& home, Done done);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  const Input& input() const { return input_; }
  // All of it, as it came; until the handler returns.
  std::string_view body() const { return body_; }
  const broker::Principal& principal() const { return *principal_; }
  Home& home() const { return home_; }
  // "SendTaskSuccess".
  std::string_view operation() const { return answer_.operation; }

  // A field of the answer besides those that every answer has. The name must be a literal.
  void AddHeader(std::string_view name, std::string value);
  // Each of these, once. `body` is JSON.
  void Answer(std::string body = "{}");
  void Refuse(const Error& error);
  // With what somebody else has answered, in place of all that was added before.
  void AnswerAs(Relayed relayed);

 private:
  friend class Door;

  void Send();

  Home& home_;
  Done done_;
  std::string_view body_;
  Input input_;
  const broker::Principal* principal_ = nullptr;
  aws::Answer answer_;
};

using ExchangePtr = std::unique_ptr<Exchange>;

}  // namespace tokenbroker::aws
