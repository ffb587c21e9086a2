// The changes that the log records, and their bytes (docs/storage-format.md).
//
// Encoding never fails. Decoding takes bytes from disk and never trusts them: whatever they are, the answer is an entry
// or DATA_LOSS. Unknown fields of a known type are skipped, so that an older broker can read what a newer one of the
// same format version wrote; unknown types are DATA_LOSS.
//
// The structs hold views: into the caller's memory for encoding, into the decoded bytes after decoding.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "storage/token_store.h"

namespace tokenbroker::storage {

// The bytes on disk; frozen.
enum class EntryType : uint8_t {
  kIssued = 1,
  kResolved = 2,
  kDeadlineChanged = 3,
  kCancelRequested = 4,
  kProgress = 5,
  kParked = 6,
  kUnparked = 7,
  kDelivery = 8,
};

// What a task ended with; the numbers are those of tokenbroker.v1.TaskState and are frozen.
enum class TaskState : uint8_t {
  kWaiting = 1,
  kSucceeded = 2,
  kFailed = 3,
  kExpired = 4,
  kCancelled = 5,
  kSuperseded = 6,
};

// What has become of a delivery; the numbers are those of tokenbroker.v1.DeliveryState and are frozen.
enum class DeliveryState : uint8_t {
  kPending = 1,
  kDelivered = 2,
  kProbablyDelivered = 3,
  kDeadLettered = 4,
  kDropped = 5,
};

struct IssuedEntry {
  TimeMs time = 0;
  std::string_view name_space;
  std::string_view request_id;
  std::string_view correlation_key;
  uint16_t attempt = 1;
  std::string_view target;
  TimeMs deadline = 0;
  DurationMs heartbeat_timeout = 0;  // 0: none
  std::string_view summary;
  std::vector<std::pair<std::string_view, std::string_view>> labels;
  std::string_view input;
  // Sealed by the owner; the store never sees an upstream token.
  std::string_view upstream_token_sealed;
  // Two independent 64-bit words of the upstream token's hash; 0, 0 without one.
  uint64_t upstream_hash_hi = 0;
  uint64_t upstream_hash_lo = 0;
  std::string_view traceparent;
  std::string_view tracestate;
  std::string_view output_schema;
  std::vector<std::string_view> allowed_errors;
  std::string_view issued_by;
  // The task that this attempt supersedes; 0 if none.
  Sequence supersedes = 0;
};

struct ResolvedEntry {
  TimeMs time = 0;
  Sequence task = 0;
  TaskState state = TaskState::kSucceeded;
  std::string_view output;
  std::string_view error;
  std::string_view cause;
  std::string_view resolved_by;
  std::string_view request_id;
  // The deadline that passed, for kExpired.
  TimeMs due = 0;
  // How the task stood when it ended; 0: the deadline was that of its issue.
  TimeMs deadline = 0;
  bool cancel_requested = false;
  // Where the outcome is owed to: this record is the outbox's as well. Empty: nobody.
  std::string_view target;
  // The task's, if a delivery is owed.
  std::string_view name_space;
};

struct DeadlineChangedEntry {
  TimeMs time = 0;
  Sequence task = 0;
  TimeMs deadline = 0;
  std::string_view changed_by;
  // Before it, and so still.
  bool cancel_requested = false;
};

struct CancelRequestedEntry {
  TimeMs time = 0;
  Sequence task = 0;
  // When the grace time ends; the task's deadline from now on.
  TimeMs deadline = 0;
  std::string_view reason;
  std::string_view requested_by;
};

struct ProgressEntry {
  TimeMs time = 0;
  Sequence task = 0;
  std::string_view details;
  // How the task stood; 0: the deadline was that of its issue.
  TimeMs deadline = 0;
  bool cancel_requested = false;
};

// An outcome that came before its task.
struct ParkedEntry {
  TimeMs time = 0;
  std::string_view name_space;
  std::string_view correlation_key;
  TaskState state = TaskState::kSucceeded;
  std::string_view output;
  std::string_view error;
  std::string_view cause;
  std::string_view resolved_by;
  std::string_view request_id;
  // When to forget it.
  TimeMs keep_until = 0;
};

// A parked outcome is gone: applied, refused by the task's contract, or kept long enough.
struct UnparkedEntry {
  TimeMs time = 0;
  Sequence parked = 0;
  // The task that it was applied to; 0 if none.
  Sequence applied_to = 0;
};

// What became of an owed delivery. Without one it is still owed.
struct DeliveryEntry {
  TimeMs time = 0;
  // Where the outcome is recorded.
  Sequence outcome = 0;
  Sequence task = 0;
  // kPending: a dead letter is owed again.
  DeliveryState state = DeliveryState::kDelivered;
  uint32_t tries = 0;
  // The target's last answer.
  std::string_view code;
  std::string_view message;
  // Who redrove or dropped it.
  std::string_view by;
  // A try ended without an answer.
  bool may_have_arrived = false;
};

using LogEntry = std::variant<IssuedEntry, ResolvedEntry, DeadlineChangedEntry, CancelRequestedEntry, ProgressEntry,
                              ParkedEntry, UnparkedEntry, DeliveryEntry>;

// Appends the entry's bytes to `out`.
void EncodeEntry(const IssuedEntry& entry, std::string& out);
void EncodeEntry(const ResolvedEntry& entry, std::string& out);
void EncodeEntry(const DeadlineChangedEntry& entry, std::string& out);
void EncodeEntry(const CancelRequestedEntry& entry, std::string& out);
void EncodeEntry(const ProgressEntry& entry, std::string& out);
void EncodeEntry(const ParkedEntry& entry, std::string& out);
void EncodeEntry(const UnparkedEntry& entry, std::string& out);
void EncodeEntry(const DeliveryEntry& entry, std::string& out);

// The entry, with views into `bytes`.
absl::StatusOr<LogEntry> DecodeEntry(std::string_view bytes);

// As DecodeEntry, for a reader who knows what must stand there.
absl::StatusOr<IssuedEntry> DecodeIssued(std::string_view bytes);
absl::StatusOr<ResolvedEntry> DecodeResolved(std::string_view bytes);
absl::StatusOr<DeliveryEntry> DecodeDelivery(std::string_view bytes);

// The entry's type without decoding it; none of the above for bytes that are no entry.
inline EntryType PeekEntryType(std::string_view bytes) {
  return bytes.empty() ? EntryType{} : static_cast<EntryType>(bytes[0]);
}

}  // namespace tokenbroker::storage
