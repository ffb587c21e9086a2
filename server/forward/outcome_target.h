// Where outcomes go: one class per kind of target, one instance per configured target.
//
// The forwarder owes every outcome to its target at least once and calls Deliver until the target has a final answer.
// It keeps within max_under_way, spaces the tries, and records each final answer; a target only tries once and says
// honestly what came of it.
#pragma once

#include <climits>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace tokenbroker::forward {

// One outcome on its way. Payloads are as the caller sent them.
struct Delivery {
  // The same for every try, also after a restart or a redrive, and never of two outcomes: receivers drop duplicates by
  // it.
  std::string id;
  // From 1. Counts tries since the outcome was recorded, or redriven.
  int try_number = 1;
  // An earlier try ended without an answer: the target may have taken the outcome already.
  bool may_have_arrived = false;

  std::string task_id;
  std::string namespace_name;
  std::string correlation_key;  // empty: none
  std::string upstream_token;   // empty: none. A secret: it never stands in a log or in an Answer.
  std::vector<std::pair<std::string, std::string>> labels;

  enum class Kind { kSucceeded, kFailed, kHeartbeatTimeout, kTimeout };
  Kind kind = Kind::kSucceeded;
  std::string output;  // JSON text; of kSucceeded
  std::string error;   // of kFailed, may be empty
  std::string cause;   // of kFailed, may be empty

  TimeMs issued_at = 0;
  TimeMs ended_at = 0;
  std::string resolved_by;  // empty: a deadline
  std::string traceparent;  // W3C; empty: none
  std::string tracestate;
};

// What came of one try.
struct Answer {
  enum class Kind {
    kAccepted,       // the target has it
    kProbablyOurs,   // the target says that it is over, and an earlier try may be why
    kRetry,          // trouble that passes by itself
    kLater,          // the target is well, and asks for this one later
    kHandedBack,     // whoever was to take it has left: tried again as soon as there is room
    kThrottled,      // the target asks for fewer calls
    kRejected,       // the target will never take it
    kNeedsOperator,  // rights, keys or settings are wrong: tried on, slowly, until somebody mends them
  };
  Kind kind = Kind::kRetry;
  // Short and fit for a metric's label: "TaskTimedOut", "HTTP 503", "connection refused".
  std::string code;
  // For people; at most kMaxMessage bytes of UTF-8, without secrets.
  std::string message;
  // Not before this long; 0: the forwarder's own backoff.
  DurationMs retry_after = 0;
  // The target may have acted on it although there was no answer.
  bool may_have_arrived = false;

  static constexpr size_t kMaxMessage = 1024;
};

class OutcomeTarget {
 public:
  using Done = std::function<void(Answer)>;

  // No answer comes any more when the destructor returns; tries under way are given up, without an answer.
  virtual ~OutcomeTarget() = default;

  // Never blocks. `done` is called at most once, on any thread, perhaps before Deliver returns.
  virtual void Deliver(Delivery delivery, Done done) = 0;

  // Tells the engine behind `upstream_token` that the worker lives. kRejected: the engine no longer waits. Only called
  // where takes_heartbeats().
  virtual void Beat(const std::string& upstream_token, Done done) {
    (void)upstream_token;
    done({.kind = Answer::Kind::kRejected, .code = "Unsupported", .message = "this target takes no heartbeats"});
  }
  virtual bool takes_heartbeats() const { return false; }
  // How many beats the engine's quota lets go right now; may change at any time.
  virtual int64_t beats_available() const { return 0; }

  // How many tries may be under way at once; may change at any time.
  virtual int max_under_way() const = 0;
  // How many more it takes now, of targets that say so: none are tried beyond that.
  virtual int room() const { return INT_MAX; }
  // `more` is to be called, on any thread and without a lock that room() takes, when there is more room. Called once,
  // before the first Deliver.
  virtual void OnRoom(std::function<void()> more) {}
};

}  // namespace tokenbroker::forward
