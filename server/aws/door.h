// The AWS door: Step Functions' wire protocol, as any AWS SDK speaks it. No HTTP server: that brings requests and takes
// answers.
//
//   const Door door(calls, keys, std::move(operations));
//   door.Serve({.method = "POST", .path = "/", .headers = headers, .body = body, .request_id = id}, home,
//              [...](Answer answer) { ...send it... });
//
// In AWS's order: the operation is looked up, the caller is made out, the body is read, the operation is called. Who
// calls:
//
//   auth.mode open    nobody is asked; a signature, right or wrong, is not looked at
//   auth.mode keys    whoever signs with one of auth.aws_keys; nobody else, whatever token they show
//
// Thread-safe.
#pragma once

#include <string_view>

#include "base/home.h"
#include "server/aws/error.h"
#include "server/aws/exchange.h"
#include "server/aws/keys.h"
#include "server/aws/message.h"
#include "server/aws/operations.h"
#include "server/calls/door.h"

namespace tokenbroker::aws {

// The operations are AWSStepFunctions.<name> in X-Amz-Target.
inline constexpr std::string_view kTargetPrefix = "AWSStepFunctions.";
// The longest body that is of any use: two large texts, each character escaped.
inline constexpr int64_t kMaxBodyBytes = int64_t{8} << 20;

class Door {
 public:
  // `calls` and `keys` must outlive the door.
  Door(const calls::Door& calls, const KeySet& keys, OperationTable operations)
      : calls_(calls), keys_(keys), operations_(std::move(operations)) {}

  // The call's thread, where this is called, is `home`. `done` is called once, on any thread, perhaps before this
  // returns. The request is needed until this returns, the home until `done` is called.
  void Serve(const Request& request, Home& home, Done done) const;

  std::vector<std::string> OperationNames() const { return operations_.Names(); }

 private:
  Error Identify(const Request& request, const broker::Principal*& out) const;

  const calls::Door& calls_;
  const KeySet& keys_;
  const OperationTable operations_;
};

// How this door words what the HTTP server refuses by itself (a body that is too large, a method that is not POST,
// ...).
Answer FailureAnswer(int status, std::string_view message, std::string_view request_id);

}  // namespace tokenbroker::aws
