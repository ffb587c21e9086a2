// The one place that says which field of which entry has which number. Numbers are frozen; a new field takes a new
// number above the others, a field that is no longer written leaves a gap.
//
// A visitor is either writing, measuring or reading. Fields come in ascending order, which is also their order on disk.
#pragma once

#include <concepts>
#include <type_traits>

#include "storage/log_entry.h"

namespace tokenbroker::storage {

constexpr EntryType TypeOf(const IssuedEntry&) { return EntryType::kIssued; }
constexpr EntryType TypeOf(const ResolvedEntry&) { return EntryType::kResolved; }
constexpr EntryType TypeOf(const DeadlineChangedEntry&) { return EntryType::kDeadlineChanged; }
constexpr EntryType TypeOf(const CancelRequestedEntry&) { return EntryType::kCancelRequested; }
constexpr EntryType TypeOf(const ProgressEntry&) { return EntryType::kProgress; }
constexpr EntryType TypeOf(const ParkedEntry&) { return EntryType::kParked; }
constexpr EntryType TypeOf(const UnparkedEntry&) { return EntryType::kUnparked; }
constexpr EntryType TypeOf(const DeliveryEntry&) { return EntryType::kDelivery; }

// T is the entry, const for writing, not const for reading.
template <typename T, typename EntryStruct>
concept EntryLike = std::same_as<std::remove_const_t<T>, EntryStruct>;

template <typename Visitor, EntryLike<IssuedEntry> Entry>
void VisitFields(Visitor& visit, Entry& entry) {
  visit.Varint(1, entry.time);
  visit.Bytes(2, entry.name_space);
  visit.Bytes(3, entry.request_id);
  visit.Bytes(5, entry.correlation_key);
  visit.Attempt(6, entry.attempt);
  visit.Bytes(7, entry.target);
  visit.Varint(8, entry.deadline);
  visit.Varint(9, entry.heartbeat_timeout);
  visit.Bytes(10, entry.summary);
  visit.Pairs(11, entry.labels);
  visit.Bytes(12, entry.input);
  visit.Bytes(13, entry.upstream_token_sealed);
  visit.Fixed64(14, entry.upstream_hash_hi);
  visit.Fixed64(15, entry.upstream_hash_lo);
  visit.Bytes(16, entry.traceparent);
  visit.Bytes(17, entry.tracestate);
  visit.Bytes(18, entry.output_schema);
  visit.List(19, entry.allowed_errors);
  visit.Bytes(20, entry.issued_by);
  visit.Varint(21, entry.supersedes);
}

template <typename Visitor, EntryLike<ResolvedEntry> Entry>
void VisitFields(Visitor& visit, Entry& entry) {
  visit.Varint(1, entry.time);
  visit.Varint(2, entry.task);
  visit.State(3, entry.state);
  visit.Bytes(4, entry.output);
  visit.Bytes(5, entry.error);
  visit.Bytes(6, entry.cause);
  visit.Bytes(7, entry.resolved_by);
  visit.Bytes(8, entry.request_id);
  visit.Varint(9, entry.due);
  visit.Varint(10, entry.deadline);
  visit.Varint(11, entry.cancel_requested);
  visit.Bytes(12, entry.target);
  visit.Bytes(13, entry.name_space);
}

template <typename Visitor, EntryLike<DeadlineChangedEntry> Entry>
void VisitFields(Visitor& visit, Entry& entry) {
  visit.Varint(1, entry.time);
  visit.Varint(2, entry.task);
  visit.Varint(3, entry.deadline);
  visit.Bytes(4, entry.changed_by);
  visit.Varint(5, entry.cancel_requested);
}

template <typename Visitor, EntryLike<CancelRequestedEntry> Entry>
void VisitFields(Visitor& visit, Entry& entry) {
  visit.Varint(1, entry.time);
  visit.Varint(2, entry.task);
  visit.Varint(3, entry.deadline);
  visit.Bytes(4, entry.reason);
  visit.Bytes(5, entry.requested_by);
}

template <typename Visitor, EntryLike<ProgressEntry> Entry>
void VisitFields(Visitor& visit, Entry& entry) {
  visit.Varint(1, entry.time);
  visit.Varint(2, entry.task);
  visit.Bytes(3, entry.details);
  visit.Varint(4, entry.deadline);
  visit.Varint(5, entry.cancel_requested);
}

template <typename Visitor, EntryLike<ParkedEntry> Entry>
void VisitFields(Visitor& visit, Entry& entry) {
  visit.Varint(1, entry.time);
  visit.Bytes(2, entry.name_space);
  visit.Bytes(3, entry.correlation_key);
  visit.State(4, entry.state);
  visit.Bytes(5, entry.output);
  visit.Bytes(6, entry.error);
  visit.Bytes(7, entry.cause);
  visit.Bytes(8, entry.resolved_by);
  visit.Bytes(9, entry.request_id);
  visit.Varint(10, entry.keep_until);
}

template <typename Visitor, EntryLike<UnparkedEntry> Entry>
void VisitFields(Visitor& visit, Entry& entry) {
  visit.Varint(1, entry.time);
  visit.Varint(2, entry.parked);
  visit.Varint(3, entry.applied_to);
}

template <typename Visitor, EntryLike<DeliveryEntry> Entry>
void VisitFields(Visitor& visit, Entry& entry) {
  visit.Varint(1, entry.time);
  visit.Varint(2, entry.outcome);
  visit.Varint(3, entry.task);
  visit.State(4, entry.state);
  visit.Varint(5, entry.tries);
  visit.Bytes(6, entry.code);
  visit.Bytes(7, entry.message);
  visit.Bytes(8, entry.by);
  visit.Varint(9, entry.may_have_arrived);
}

}  // namespace tokenbroker::storage
