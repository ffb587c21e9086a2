#include "storage/log_entry.h"

#include <cstddef>
#include <limits>

#include "absl/strings/str_cat.h"
#include "storage/log_entry_fields.h"
#include "storage/wire.h"

namespace tokenbroker::storage {
namespace {

constexpr TaskState LastOf(TaskState) { return TaskState::kSuperseded; }
constexpr DeliveryState LastOf(DeliveryState) { return DeliveryState::kDropped; }

// A tag takes one byte up to field 31.
constexpr uint32_t kMaxTag = 1;
constexpr int kKindBits = 2;

constexpr uint64_t Tag(uint32_t field, FieldKind kind) { return (field << kKindBits) | static_cast<uint32_t>(kind); }

// An upper bound of the bytes that the writer needs, cheap rather than tight.
class Measurer {
 public:
  size_t size() const { return size_; }

  template <typename T>
  void Varint(uint32_t, T) {
    size_ += kMaxTag + kMaxVarint;
  }
  void Fixed64(uint32_t, uint64_t) { size_ += kMaxTag + 8; }
  void Attempt(uint32_t field, uint16_t attempt) { Varint(field, attempt); }
  template <typename StateT>
  void State(uint32_t field, StateT) {
    Varint(field, 0);
  }
  void Bytes(uint32_t, std::string_view bytes) { size_ += kMaxTag + kMaxVarint + bytes.size(); }
  void Pairs(uint32_t field, const std::vector<std::pair<std::string_view, std::string_view>>& pairs) {
    for (const auto& [name, value] : pairs) size_ += kMaxTag + 3 * kMaxVarint + name.size() + value.size();
  }
  void List(uint32_t field, const std::vector<std::string_view>& items) {
    for (std::string_view item : items) Bytes(field, item);
  }

 private:
  size_t size_ = 0;
};

// Leaves out what has its default value.
class Writer {
 public:
  explicit Writer(char* at) : at_(at) {}
  char* at() const { return at_; }

  template <typename T>
  void Varint(uint32_t field, T value) {
    if (value != 0) Always(field, static_cast<uint64_t>(value));
  }
  void Fixed64(uint32_t field, uint64_t value) {
    if (value == 0) return;
    at_ = PutVarint(at_, Tag(field, FieldKind::kFixed64));
    at_ = PutLittle64(at_, value);
  }
  void Attempt(uint32_t field, uint16_t attempt) {
    if (attempt != 1) Always(field, attempt);
  }
  template <typename StateT>
  void State(uint32_t field, StateT state) {
    Always(field, static_cast<uint64_t>(state));
  }
  void Bytes(uint32_t field, std::string_view bytes) {
    if (!bytes.empty()) Item(field, bytes);
  }
  void Pairs(uint32_t field, const std::vector<std::pair<std::string_view, std::string_view>>& pairs) {
    for (const auto& [name, value] : pairs) Pair(field, name, value);
  }
  void List(uint32_t field, const std::vector<std::string_view>& items) {
    for (std::string_view item : items) Item(field, item);
  }

 private:
  void Always(uint32_t field, uint64_t value) {
    at_ = PutVarint(at_, Tag(field, FieldKind::kVarint));
    at_ = PutVarint(at_, value);
  }
  void Item(uint32_t field, std::string_view bytes) {
    at_ = PutVarint(at_, Tag(field, FieldKind::kBytes));
    at_ = PutVarint(at_, bytes.size());
    at_ = PutBytes(at_, bytes);
  }
  // The length of the name, the name, the value up to the end.
  void Pair(uint32_t field, std::string_view name, std::string_view value) {
    char length[kMaxVarint];
    const size_t length_size = PutVarint(length, name.size()) - length;
    at_ = PutVarint(at_, Tag(field, FieldKind::kBytes));
    at_ = PutVarint(at_, length_size + name.size() + value.size());
    at_ = PutBytes(at_, {length, length_size});
    at_ = PutBytes(at_, name);
    at_ = PutBytes(at_, value);
  }

  char* at_;
};

// Walks the fields in ascending order, as they were written, skipping those it is not asked for.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : wire_(bytes) { NextTag(); }

  // True if every byte was understood; call it once, at the end.
  bool Finish() {
    while (field_ != 0) Skip();
    return wire_.ok();
  }

  template <typename T>
  void Varint(uint32_t field, T& value) {
    while (At(field, FieldKind::kVarint)) value = static_cast<T>(wire_.Varint()), NextTag();
  }
  void Fixed64(uint32_t field, uint64_t& value) {
    while (At(field, FieldKind::kFixed64)) value = wire_.Little64(), NextTag();
  }
  void Attempt(uint32_t field, uint16_t& attempt) {
    uint64_t wide = attempt;
    Varint(field, wide);
    if (wide > std::numeric_limits<uint16_t>::max()) Fail();
    attempt = static_cast<uint16_t>(wide);
  }
  template <typename StateT>
  void State(uint32_t field, StateT& state) {
    uint64_t number = 0;
    Varint(field, number);
    if (number < 1 || number > static_cast<uint64_t>(LastOf(state))) return Fail();
    state = static_cast<StateT>(number);
  }
  void Bytes(uint32_t field, std::string_view& bytes) {
    while (At(field, FieldKind::kBytes)) bytes = wire_.LengthAndBytes(), NextTag();
  }
  void Pairs(uint32_t field, std::vector<std::pair<std::string_view, std::string_view>>& pairs) {
    while (At(field, FieldKind::kBytes)) {
      WireReader pair(wire_.LengthAndBytes());
      const std::string_view name = pair.LengthAndBytes();
      if (!pair.ok()) return Fail();
      pairs.emplace_back(name, pair.rest());
      NextTag();
    }
  }
  void List(uint32_t field, std::vector<std::string_view>& items) {
    while (At(field, FieldKind::kBytes)) items.push_back(wire_.LengthAndBytes()), NextTag();
  }

 private:
  // Stands on this field, having passed over smaller ones; the same number with another kind is damage.
  bool At(uint32_t field, FieldKind kind) {
    while (field_ != 0 && field_ < field) Skip();
    if (field_ != field) return false;
    if (kind_ == kind) return true;
    Fail();
    return false;
  }

  void NextTag() {
    if (wire_.at_end()) return field_ = 0, void();
    const uint64_t tag = wire_.Varint();
    const uint64_t field = tag >> kKindBits;
    const uint32_t kind = tag & ((1u << kKindBits) - 1);
    if (!wire_.ok() || field == 0 || field < field_ || kind > static_cast<uint32_t>(FieldKind::kBytes)) return Fail();
    field_ = field;
    kind_ = static_cast<FieldKind>(kind);
  }

  void Skip() {
    if (kind_ == FieldKind::kVarint) wire_.Varint();
    if (kind_ == FieldKind::kFixed64) wire_.Little64();
    if (kind_ == FieldKind::kBytes) wire_.LengthAndBytes();
    NextTag();
  }

  void Fail() {
    wire_.Fail();
    field_ = 0;
  }

  WireReader wire_;
  uint64_t field_ = 0;  // 0: the end
  FieldKind kind_ = FieldKind::kVarint;
};

template <typename Entry>
void Encode(const Entry& entry, std::string& out) {
  Measurer measurer;
  VisitFields(measurer, entry);
  const size_t before = out.size();
  out.resize(before + 1 + measurer.size());
  out[before] = static_cast<char>(TypeOf(entry));
  Writer writer(out.data() + before + 1);
  VisitFields(writer, entry);
  out.resize(writer.at() - out.data());
}

template <typename Entry>
absl::StatusOr<Entry> Decode(std::string_view bytes) {
  Entry entry;
  if (PeekEntryType(bytes) != TypeOf(entry)) {
    return absl::DataLossError(absl::StrCat("a log entry is not of type ", static_cast<int>(TypeOf(entry))));
  }
  Reader reader(bytes.substr(1));
  VisitFields(reader, entry);
  if (!reader.Finish()) {
    return absl::DataLossError(absl::StrCat("a log entry of type ", static_cast<int>(TypeOf(entry)), " is malformed"));
  }
  return entry;
}

template <typename Entry>
absl::StatusOr<LogEntry> DecodeAs(std::string_view bytes) {
  absl::StatusOr<Entry> entry = Decode<Entry>(bytes);
  if (!entry.ok()) return std::move(entry).status();
  return LogEntry(*std::move(entry));
}

}  // namespace

void EncodeEntry(const IssuedEntry& entry, std::string& out) { Encode(entry, out); }
void EncodeEntry(const ResolvedEntry& entry, std::string& out) { Encode(entry, out); }
void EncodeEntry(const DeadlineChangedEntry& entry, std::string& out) { Encode(entry, out); }
void EncodeEntry(const CancelRequestedEntry& entry, std::string& out) { Encode(entry, out); }
void EncodeEntry(const ProgressEntry& entry, std::string& out) { Encode(entry, out); }
void EncodeEntry(const ParkedEntry& entry, std::string& out) { Encode(entry, out); }
void EncodeEntry(const UnparkedEntry& entry, std::string& out) { Encode(entry, out); }
void EncodeEntry(const DeliveryEntry& entry, std::string& out) { Encode(entry, out); }

absl::StatusOr<IssuedEntry> DecodeIssued(std::string_view bytes) { return Decode<IssuedEntry>(bytes); }
absl::StatusOr<ResolvedEntry> DecodeResolved(std::string_view bytes) { return Decode<ResolvedEntry>(bytes); }
absl::StatusOr<DeliveryEntry> DecodeDelivery(std::string_view bytes) { return Decode<DeliveryEntry>(bytes); }

absl::StatusOr<LogEntry> DecodeEntry(std::string_view bytes) {
  if (bytes.empty()) return absl::DataLossError("a log entry is empty");
  switch (PeekEntryType(bytes)) {
    case EntryType::kIssued:
      return DecodeAs<IssuedEntry>(bytes);
    case EntryType::kResolved:
      return DecodeAs<ResolvedEntry>(bytes);
    case EntryType::kDeadlineChanged:
      return DecodeAs<DeadlineChangedEntry>(bytes);
    case EntryType::kCancelRequested:
      return DecodeAs<CancelRequestedEntry>(bytes);
    case EntryType::kProgress:
      return DecodeAs<ProgressEntry>(bytes);
    case EntryType::kParked:
      return DecodeAs<ParkedEntry>(bytes);
    case EntryType::kUnparked:
      return DecodeAs<UnparkedEntry>(bytes);
    case EntryType::kDelivery:
      return DecodeAs<DeliveryEntry>(bytes);
  }
  return absl::DataLossError(absl::StrCat("a log entry is of unknown type ", static_cast<uint8_t>(bytes[0])));
}

}  // namespace tokenbroker::storage
