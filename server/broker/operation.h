// What doors put to the broker, and what they get back.
//
// A door fills in an operation, hands it over, and is told when it is answered; meanwhile the operation, and everything
// its views point to, stays where it is. Operations of one Submission are answered together. `refusal` says whether an
// operation was refused; the other results mean something only if it was not, or where their comment says so.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "base/clock.h"
#include "server/broker/open_set.h"
#include "server/broker/principal.h"
#include "server/broker/reason.h"
#include "storage/log_entry.h"
#include "storage/token_store.h"
#include "token/limits.h"

namespace tokenbroker::broker {

using storage::DeliveryState;
using storage::TaskState;

// How the caller named the task. Made by Broker::AddressOf...
struct TaskAddress {
  enum class Kind : uint8_t {
    kUnknown,   // a forged or foreign token, or a malformed id: no such task, without looking
    kToken,     // `task`, proven by a token
    kId,        // `task`
    kKey,       // `name_space` and `key`, hashed in `index_key`
    kUpstream,  // `index_key`: the hash of an upstream token, which proves as much as a token
  };
  Kind kind = Kind::kUnknown;
  storage::Sequence task = 0;
  std::string_view name_space;
  std::string_view key;
  storage::IndexKey index_key;
  // Of a limited token: what it may still be used for, whoever presents it. A view into the token.
  token::Limits limits;

  bool proven() const { return kind == Kind::kToken || kind == Kind::kUpstream; }
  // A token proves the right to settle and to read its own task; not to cancel or extend it, which is the issuer's.
  bool Proves(Right right) const { return proven() && (right == kResolve || right == kRead); }
};

class Submission;

struct Operation {
  enum class Kind : uint8_t { kIssue, kResolve, kHeartbeat, kCancel, kExtend, kLocate, kAwait, kDelivery };

  explicit Operation(Kind kind) : kind(kind) {}
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  const Kind kind;
  // Whoever is told when this is answered. Set by the door.
  Submission* submission = nullptr;
  // Set by the door.
  const Principal* principal = nullptr;
  Refusal refusal;

  // --- The pipeline's own notes ---
  // What the stored index said about the operation's names before the decision.
  storage::Sequence stored_task = 0;
  storage::Sequence stored_request = 0;
  storage::Sequence stored_upstream = 0;
  storage::Sequence stored_outcome = 0;
  // The address led here, but nothing is there any more: decide as if the index knew nothing.
  storage::Sequence gone = 0;
  enum class Next : uint8_t {
    kAnswer,         // after the commit
    kFindOutcome,    // not waiting: find the outcome, then compare
    kCompare,        // resolved by `outcome_at`: compare outcomes
    kCheckContract,  // waiting, with a contract that this outcome has not been checked against
    kCheckParked,    // an issue whose contract the callback parked under its key has not been held against
    kCompareIssue,   // a request id seen before: compare the requests
    kDecideAgain,    // something came in between that has to be looked up first
    kWait,           // parked somewhere until something happens
  };
  Next next = Next::kAnswer;
  // With kCheckContract and kCheckParked: the namespace whose turn the check takes.
  uint32_t check_for = 0;

 protected:
  // Not virtual: whoever made an operation destroys it as what it is.
  ~Operation() = default;
};

// About one task, which the caller named.
struct NamedOperation : Operation {
  TaskAddress address;

 protected:
  using Operation::Operation;
  ~NamedOperation() = default;
};

// nullptr if the operation is about no task that was named.
TaskAddress* AddressOf(Operation& operation);

// What the caller's texts take in memory, about.
size_t PayloadBytes(const Operation& operation);

// Some operations that are answered together. Done is called once, when the last of them is answered; it must not
// block. It comes from the broker's threads, or from within Submit or TryNow on the caller's: whoever calls these must
// be done with the submission before.
class Submission {
 public:
  explicit Submission(size_t operations) : pending_(operations) {}
  virtual ~Submission() = default;

  // Called by the broker, once per operation.
  void Answered() {
    if (pending_.fetch_sub(1, std::memory_order_acq_rel) == 1) Done();
  }

 protected:
  virtual void Done() = 0;
  void Reset(size_t operations) { pending_.store(operations, std::memory_order_relaxed); }

 private:
  std::atomic<size_t> pending_;
};

// --- Issue ---

struct IssueRequest {
  std::string_view name_space;
  std::string_view request_id;
  std::string_view correlation_key;
  uint16_t attempt = 0;  // 0: first, and refuse if the key is open
  std::string_view target;
  DurationMs timeout = 0;
  bool timeout_defaulted = false;
  DurationMs heartbeat_timeout = 0;
  std::string_view summary;
  std::vector<std::pair<std::string_view, std::string_view>> labels;
  std::string_view input;
  std::string_view upstream_token;
  std::string_view traceparent;
  std::string_view tracestate;
  std::string_view output_schema;
  std::vector<std::string_view> allowed_errors;

  bool has_contract() const { return !output_schema.empty() || !allowed_errors.empty(); }
};

struct IssueOperation : Operation {
  IssueOperation() : Operation(Kind::kIssue) {}

  IssueRequest request;
  // Set by Broker::Prepare.
  storage::IndexKey request_key;
  storage::IndexKey correlation_index_key;
  storage::IndexKey upstream_key;
  // The callback parked under the key that was held against the request's contract, and whether it breaks it.
  storage::Sequence parked_at = 0;
  bool parked_breach = false;

  storage::Sequence task = 0;
  // Of a replayed request: both as they are now; of a task that ended, the deadline it was issued with.
  TimeMs deadline = 0;
  TaskState state = TaskState::kWaiting;
  bool replayed = false;
  storage::Sequence superseded = 0;
  // The broker's own: the task of a replayed request waits no more, and its outcome is there (0: to be found).
  bool ended = false;
  storage::Sequence outcome_at = 0;
};

// --- Resolve ---

// The numbers are those of tokenbroker.v1.Verdict.
enum class Verdict : uint8_t {
  kAccepted = 1,
  kReplayed = 2,
  kParked = 3,
  kConflict = 4,
  kExpired = 5,
  kCancelled = 6,
  kSuperseded = 7,
  kUnknown = 8,
  kRefused = 9,
};

// What is recorded of a task's end; without the output.
struct RecordedOutcome {
  TaskState state = TaskState::kWaiting;
  TimeMs time = 0;
  std::string error;
  std::string cause;
  std::string resolved_by;
};

// Wants a task that waits; is refused, with what is recorded, if it ended otherwise than wanted.
struct TaskOperation : NamedOperation {
  // 0 if unknown or parked.
  storage::Sequence task = 0;
  // Where the outcome is recorded, also for refusals because of another outcome.
  storage::Sequence outcome_at = 0;
  // Set for refusals because of another outcome, which are rare.
  std::unique_ptr<const RecordedOutcome> recorded;

 protected:
  using NamedOperation::NamedOperation;
  ~TaskOperation() = default;
};

struct ResolveOperation : TaskOperation {
  ResolveOperation() : TaskOperation(Kind::kResolve) {}

  TaskState state = TaskState::kSucceeded;  // or kFailed
  std::string_view output;
  std::string_view error;
  std::string_view cause;
  std::string_view request_id;
  DurationMs park_for = 0;  // below 0: do not park
  // Decide, but change nothing. The rights are those that the outcome itself needs: whether the caller may know the
  // answer, which takes the right to read, is for the door to see.
  bool dry_run = false;
  // Set by the broker: the task whose contract the outcome was found to meet. A name may lead to another one later.
  storage::Sequence contract_checked = 0;

  Verdict verdict = Verdict::kUnknown;
};

// --- Heartbeat ---

struct HeartbeatOperation : TaskOperation {
  HeartbeatOperation() : TaskOperation(Kind::kHeartbeat) {}

  std::string_view progress;

  bool cancel_requested = false;
  TimeMs next_due = 0;  // 0: need not beat
  DurationMs remaining = 0;
  DurationMs heartbeat_timeout = 0;
};

// --- Cancel, extend ---

struct CancelOperation : TaskOperation {
  CancelOperation() : TaskOperation(Kind::kCancel) {}

  std::string_view reason;
  DurationMs grace = 0;
};

struct ExtendOperation : TaskOperation {
  ExtendOperation() : TaskOperation(Kind::kExtend) {}

  DurationMs timeout = 0;
};

// --- Look ---

// Where a task stands, from memory; enough to assemble the rest from the store.
struct Located {
  storage::Sequence task = 0;
  // Where its outcome is; 0 while it waits.
  storage::Sequence outcome_at = 0;
  // Of a waiting task:
  OpenTask open{};
  std::string progress;
  TimeMs progress_at = 0;
  // Where to read the progress if only the log has it.
  storage::Sequence progress_logged_at = 0;
};

// Wants to know of a task, whether it waits or not.
struct LookOperation : NamedOperation {
  Located located;

 protected:
  using NamedOperation::NamedOperation;
  ~LookOperation() = default;
};

inline bool IsLook(const Operation& operation) {
  return operation.kind == Operation::Kind::kLocate || operation.kind == Operation::Kind::kAwait;
}

struct LocateOperation : LookOperation {
  LocateOperation() : LookOperation(Kind::kLocate) {}
};

// `located` has outcome_at 0 if the limit passed first. Of a delivery: `outcome_at` is the place of its record.
struct AwaitOperation : LookOperation {
  AwaitOperation() : LookOperation(Kind::kAwait) {}

  DurationMs limit = 0;

  // Not 0: waits for what becomes of the delivery of this outcome instead, which the caller must have found by
  // `address`.
  storage::Sequence delivery_of = 0;

  // It could not be answered at once.
  bool waited = false;
  // The pipeline's own: which wait this is; 0 when it does not wait.
  uint64_t wait_id = 0;
  // Nobody wants to wait any more.
  bool given_up = false;
};

// --- Deliveries ---

// What became of a try, from the forwarder; or what an operator wants: a dead letter redriven (kPending), or a delivery
// dropped (kDropped), which needs the right to administer its namespace.
struct DeliveryOperation : Operation {
  DeliveryOperation() : Operation(Kind::kDelivery) {}

  // The place of the outcome's record.
  storage::Sequence outcome = 0;
  DeliveryState state = DeliveryState::kDelivered;
  uint32_t tries = 0;
  std::string_view code;
  std::string_view message;
  bool may_have_arrived = false;
  // An operator's: leave it alone unless it is a dead letter, or unless it is none.
  std::optional<bool> if_dead;

  // False if it was left alone, also as it is owed already and need not be redriven.
  bool changed = false;

  bool by_operator() const { return state == DeliveryState::kPending || state == DeliveryState::kDropped; }
};

}  // namespace tokenbroker::broker
