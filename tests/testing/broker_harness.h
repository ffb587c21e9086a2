// A whole broker on one thread: real rules, pipeline, checkpoints and retention over a store in memory, with a clock
// that stands still until told otherwise. Calls are made and answered before the method returns.
//
//   BrokerHarness broker;
//   const Issued task = broker.Issue({.heartbeat_timeout = 5s});
//   broker.Advance(5s);
//   EXPECT_EQ(broker.Succeed(task, "1").verdict, Verdict::kExpired);
//
// Restart stops in order and starts again; Crash does not stop in order. Both keep the disk and the time.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "server/broker/broker.h"
#include "storage/memory/memory_store.h"

namespace tokenbroker::broker {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;
using Millis = std::chrono::milliseconds;

// A token codec whose keys are the same in every run.
KeyRing TestKeys(uint8_t id = 1);

// May do everything everywhere; its id is "anonymous".
const Principal& Anybody();
// May do nothing: what is left for a caller who presents only a token. Its id is "token".
const Principal& Nobody();

// --- What tests say ---

// An issue request whose texts own themselves.
struct NewTask {
  std::string name_space = "orders";
  std::string request_id;
  std::string correlation_key;
  uint16_t attempt = 0;
  Millis timeout = 1h;
  Millis heartbeat_timeout = 0ms;
  std::string summary;
  std::vector<std::pair<std::string, std::string>> labels;
  std::string input = "null";
  std::string target;
  std::string upstream_token;
  std::string output_schema;
  std::vector<std::string> allowed_errors;
};

struct Settings {
  Limits limits;
  RetentionPolicy retention;
  CheckpointPolicy checkpoint;
};

// --- What tests are told ---

// kNone: the call was not refused. Calls that a stopped broker never answered say kNone and `answered` false.
struct Answer {
  bool answered = false;
  Reason reason = Reason::kNone;
  std::string message;
  std::string field;
  DurationMs retry_after = 0;

  bool ok() const { return answered && reason == Reason::kNone; }
};

struct Issued : Answer {
  Sequence task = 0;
  std::string token;
  std::string id;
  TimeMs deadline = 0;
  TaskState state = TaskState::kWaiting;
  bool replayed = false;
  Sequence superseded = 0;
};

struct Settled : Answer {
  Verdict verdict = Verdict::kUnknown;
  Sequence task = 0;
  RecordedOutcome recorded;
};

struct Beaten : Answer {
  bool cancel_requested = false;
  TimeMs next_due = 0;
  DurationMs remaining = 0;
  DurationMs heartbeat_timeout = 0;
  RecordedOutcome recorded;
};

struct Changed : Answer {
  Sequence task = 0;
  RecordedOutcome recorded;
};

// A task as a reader sees it.
struct Seen : Answer {
  Sequence task = 0;
  TaskState state = TaskState::kWaiting;
  std::string input;
  std::string output;
  std::string error;
  std::string cause;
  std::string resolved_by;
  std::string progress;
  TimeMs deadline = 0;
  TimeMs resolved_at = 0;
  TimeMs due = 0;
  uint16_t attempt = 0;
  bool cancel_requested = false;
  Sequence outcome_at = 0;
  std::optional<DeliveryRecord> delivery;
};

// How a call names its task.
class Ref {
 public:
  Ref(const Issued& issued) : kind_(Kind::kToken), text_(issued.token) {}  // NOLINT: reads like the task itself
  static Ref Token(std::string token) { return Ref(Kind::kToken, std::move(token)); }
  static Ref Id(std::string id) { return Ref(Kind::kId, std::move(id)); }
  static Ref Key(std::string key, std::string name_space = "orders") {
    return Ref(Kind::kKey, std::move(key), std::move(name_space));
  }

  // Views into this object.
  TaskAddress AddressIn(const Broker& broker) const;

 private:
  enum class Kind { kToken, kId, kKey };
  Ref(Kind kind, std::string text, std::string name_space = "")
      : kind_(kind), text_(std::move(text)), name_space_(std::move(name_space)) {}

  Kind kind_;
  std::string text_;
  std::string name_space_;
};

// One operation that somebody waits for.
template <typename Op>
class Call : public Submission {
 public:
  Call() : Submission(1) { op.submission = this; }
  Op op;
  bool answered = false;

 private:
  void Done() override { answered = true; }
};

class BrokerHarness {
 public:
  static constexpr TimeMs kStart = 1'800'000'000'000;

  BrokerHarness() : BrokerHarness(Settings()) {}
  explicit BrokerHarness(Settings settings);
  ~BrokerHarness();

  // --- Calls ---

  Issued Issue(const NewTask& task = {});
  Settled Succeed(const Ref& task, std::string_view output) {
    return Settle(task, TaskState::kSucceeded, output, "", "");
  }
  Settled Fail(const Ref& task, std::string_view error, std::string_view cause = "") {
    return Settle(task, TaskState::kFailed, "", error, cause);
  }
  // Succeeds by key or not at all: keeps nothing for a task that is not known.
  Settled SucceedIfKnown(const Ref& task, std::string_view output);
  Settled Park(const Ref& task, std::string_view output, Millis park_for);
  // Asks what Succeed or Fail would say.
  Settled Peek(const Ref& task, TaskState state, std::string_view output_or_error);
  Beaten Beat(const Ref& task, std::string_view progress = "");
  Changed Cancel(const Ref& task, std::string_view reason = "", Millis grace = 0ms);
  Changed Extend(const Ref& task, Millis timeout);
  Seen Get(const Ref& task);
  // Sequence numbers in the order of the list, all pages.
  std::vector<Sequence> List(const TaskFilter& filter = {}, std::string_view name_space = "orders",
                             size_t page_size = 100);
  std::vector<Change> Changes(Sequence after = 0, std::string_view name_space = "orders");

  // Hands the operation over and runs the broker until nothing moves; it may still wait then.
  void Ask(Operation& operation);
  std::unique_ptr<Call<AwaitOperation>> BeginAwait(const Ref& task, Millis limit = 30s);

  // --- Deliveries ---

  // The outcomes that the target is to be told next.
  std::vector<Sequence> TakeOwed(std::string_view target, size_t max = 100);
  // What the forwarder says of a try, or an operator of a delivery.
  Answer Note(Sequence outcome, DeliveryState state, std::string_view code = "", uint32_t tries = 1);
  std::vector<Sequence> Deliveries(const DeliveryFilter& filter = {}, size_t page_size = 100);
  std::unique_ptr<Call<AwaitOperation>> BeginAwaitDelivery(Sequence outcome, Millis limit = 30s);

  // --- Time and trouble ---

  // Time passes, then the broker does what is due.
  void Advance(Millis by);
  // Time passes, and the broker gets no chance to notice.
  void AdvanceUnnoticed(Millis by) { clock_.Advance(by.count()); }
  // Runs the broker until nothing moves.
  void Run();
  void Restart();
  void Crash();
  // Crash, some downtime, start.
  void CrashFor(Millis downtime);
  void TakeCheckpoint();

  Broker& broker() { return *broker_; }
  storage::MemoryStore& store() { return *store_; }
  storage::MemoryDisk& disk() { return *disk_; }
  ManualClock& clock() { return clock_; }
  ManualExecutor& executor() { return *executor_; }
  ManualExecutor& background() { return *background_; }
  TokenCodec& codec() { return codec_; }
  TimeMs now() const { return clock_.Now(); }
  // What on_failure was told.
  const std::optional<absl::Status>& failure() const { return failure_; }

  // Who calls from now on.
  const Principal* caller = &Anybody();
  Observer* observer = &silent_;

  void Open();
  void Close() { broker_ = nullptr; }

 private:
  Settled Settle(const Ref& task, TaskState state, std::string_view output, std::string_view error,
                 std::string_view cause, DurationMs park_for = 0, bool dry_run = false);

  const Settings settings_;
  ManualClock clock_{kStart};
  TokenCodec codec_{TestKeys()};
  Observer silent_;
  std::shared_ptr<storage::MemoryDisk> disk_ = std::make_shared<storage::MemoryDisk>();
  std::unique_ptr<storage::MemoryStore> store_;
  std::unique_ptr<ManualExecutor> executor_;
  std::unique_ptr<ManualExecutor> background_;
  std::optional<absl::Status> failure_;
  std::unique_ptr<Broker> broker_;
};

}  // namespace tokenbroker::broker
