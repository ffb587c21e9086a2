// From a refusal to what the caller gets: a status with details, or the error of a batch item. The reasons and
// their codes stand in server/broker/reason.cc, for every door; proto/tokenbroker/v1/errors.proto and docs/errors.md
// explain them.
//
// A gRPC status travels in HTTP/2 headers, of which many clients accept no more than 8 KiB; and the errors of a batch
// of 1,000 must fit into a message of 4 MiB. So the recorded cause in ResolvedDetail and texts that quote the caller's
// input are cut in both, at a character; the task itself has the whole cause.
#pragma once

#include <string>

#include "google/rpc/status.pb.h"
#include "server/broker/operation.h"
#include "server/broker/reason.h"
#include "tokenbroker/v1/errors.pb.h"

namespace tokenbroker::calls {

// What refused a call, and what is recorded instead. Views into an operation.
struct Refused {
  const broker::Refusal& refusal;
  // 0: none that the caller may know of.
  storage::Sequence task = 0;
  const broker::RecordedOutcome* recorded = nullptr;
};

google::rpc::Status ToStatus(const Refused& refused);
// Sets every field.
void FillItemError(const Refused& refused, tokenbroker::v1::ItemError* out);

// --- Refusals that doors make themselves ---

broker::Refusal CredentialsUnknown();
broker::Refusal MessageMalformed(const std::string& message_type);
broker::Refusal TooManyReads();
broker::Refusal CursorExpired();
broker::Refusal DeliveryUnknown();
// Our own fault, which is logged.
broker::Refusal Fault(std::string message);
// An error of a read: what is not there any more is unknown; the rest is our fault.
broker::Refusal ReadRefusal(const absl::Status& status);

}  // namespace tokenbroker::calls
