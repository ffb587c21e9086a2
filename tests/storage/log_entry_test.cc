#include "storage/log_entry.h"

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "storage/wire.h"
#include "tests/testing/store_seed.h"
#include "tests/testing/store_status.h"

namespace tokenbroker::storage {
namespace {

using ::tokenbroker::testing::BaseSeed;
using ::tokenbroker::testing::Random;
using ::tokenbroker::testing::Scaled;

std::string Encoded(const LogEntry& entry) {
  std::string bytes;
  std::visit([&](const auto& typed) { EncodeEntry(typed, bytes); }, entry);
  return bytes;
}

// Random entries whose texts live as long as this.
class EntryMaker {
 public:
  explicit EntryMaker(uint64_t seed) : random_(seed) {}

  LogEntry Make() {
    texts_.clear();
    texts_.reserve(64);
    switch (random_.Below(8)) {
      case 0:
        return Issued();
      case 1:
        return ResolvedEntry{Time(), Bits(), State(), Text(), Text(), Text(), Text(),
                             Text(), Time(), Time(),  Flag(), Text(), Text()};
      case 2:
        return DeadlineChangedEntry{Time(), Bits(), Time(), Text(), Flag()};
      case 3:
        return CancelRequestedEntry{Time(), Bits(), Time(), Text(), Text()};
      case 4:
        return ProgressEntry{Time(), Bits(), Text(), Time(), Flag()};
      case 5:
        return ParkedEntry{Time(), Text(), Text(), State(), Text(), Text(), Text(), Text(), Text(), Time()};
      case 6:
        return DeliveryEntry{Time(),
                             Bits(),
                             Bits(),
                             static_cast<DeliveryState>(1 + random_.Below(5)),
                             static_cast<uint32_t>(Bits()),
                             Text(),
                             Text(),
                             Text(),
                             Flag()};
      default:
        return UnparkedEntry{Time(), Bits(), Bits()};
    }
  }

  Random& random() { return random_; }

 private:
  uint64_t Bits() { return random_.OneIn(4) ? 0 : random_.Bits() >> random_.Below(64); }
  bool Flag() { return random_.OneIn(2); }
  TimeMs Time() { return static_cast<TimeMs>(Bits()); }
  TaskState State() { return static_cast<TaskState>(1 + random_.Below(6)); }
  std::string_view Text() {
    return texts_.emplace_back(random_.Bytes(random_.OneIn(3) ? 0 : random_.Below(random_.OneIn(20) ? 70000 : 40)));
  }

  IssuedEntry Issued() {
    IssuedEntry entry{Time(), Text(), Text(), Text(), static_cast<uint16_t>(Bits()),
                      Text(), Time(), Time(), Text(), {},
                      Text(), Text(), Bits(), Bits(), Text(),
                      Text(), Text(), {},     Text(), Bits()};
    for (uint64_t n = random_.Below(4); n > 0; --n) entry.labels.emplace_back(Text(), Text());
    for (uint64_t n = random_.Below(4); n > 0; --n) entry.allowed_errors.push_back(Text());
    return entry;
  }

  Random random_;
  std::vector<std::string> texts_;
};

TEST(LogEntry, EveryFieldComesBack) {
  IssuedEntry entry;
  entry.time = 1;
  entry.name_space = "ns";
  entry.request_id = "req";
  entry.correlation_key = "key";
  entry.attempt = 3;
  entry.target = "target";
  entry.deadline = 4;
  entry.heartbeat_timeout = 5;
  entry.labels = {{"a", "b"}, {"", ""}};
  entry.allowed_errors = {"E1", ""};
  entry.upstream_hash_hi = 6;
  entry.upstream_hash_lo = 7;
  entry.supersedes = MakeSequence(1, 9);
  std::string bytes;
  EncodeEntry(entry, bytes);
  const auto decoded = DecodeIssued(bytes);
  TB_ASSERT_OK(decoded);
  EXPECT_EQ(decoded->name_space, "ns");
  EXPECT_EQ(decoded->correlation_key, "key");
  EXPECT_EQ(decoded->attempt, 3);
  EXPECT_EQ(decoded->labels, entry.labels);
  EXPECT_EQ(decoded->allowed_errors, entry.allowed_errors);
  EXPECT_EQ(decoded->upstream_hash_lo, 7u);
  EXPECT_EQ(decoded->supersedes, MakeSequence(1, 9));
}

TEST(LogEntry, RandomEntriesRoundTrip) {
  EntryMaker maker(BaseSeed());
  for (int i = 0; i < Scaled(5000); ++i) {
    const LogEntry entry = maker.Make();
    const std::string bytes = Encoded(entry);
    const auto decoded = DecodeEntry(bytes);
    TB_ASSERT_OK(decoded);
    ASSERT_EQ(decoded->index(), entry.index());
    ASSERT_TRUE(Encoded(*decoded) == bytes) << "TB_SEED=" << BaseSeed() << " entry " << i;
  }
}

TEST(LogEntry, EncodingAppends) {
  std::string bytes = "before";
  EncodeEntry(ProgressEntry{1, 2, "x"}, bytes);
  EXPECT_TRUE(bytes.starts_with("before"));
  TB_EXPECT_OK(DecodeEntry(std::string_view(bytes).substr(6)));
}

TEST(LogEntry, DamagedBytesAreAnEntryOrDataLoss) {
  EntryMaker maker(BaseSeed() + 1);
  for (int i = 0; i < Scaled(20000); ++i) {
    std::string bytes = Encoded(maker.Make());
    if (bytes.size() > 500) continue;
    if (maker.random().OneIn(2)) bytes.resize(maker.random().Below(bytes.size() + 1));
    for (uint64_t n = maker.random().Below(4); n > 0 && !bytes.empty(); --n) {
      bytes[maker.random().Below(bytes.size())] = static_cast<char>(maker.random().Bits());
    }
    const auto decoded = DecodeEntry(bytes);
    ASSERT_TRUE(decoded.ok() || absl::IsDataLoss(decoded.status())) << decoded.status();
  }
}

TEST(LogEntry, UnknownFieldsAreSkipped) {
  std::string bytes;
  EncodeEntry(ProgressEntry{5, 6, "details"}, bytes);
  // Numbers 9, 10 and 11 with one of each kind.
  char buffer[16];
  bytes.append(buffer, PutVarint(PutVarint(buffer, 9 << 2 | 0), 300) - buffer);
  bytes.append(buffer, PutLittle64(PutVarint(buffer, 10 << 2 | 1), 7) - buffer);
  bytes.append(buffer, PutVarint(PutVarint(buffer, 11 << 2 | 2), 3) - buffer);
  bytes += "new";
  const auto decoded = DecodeEntry(bytes);
  TB_ASSERT_OK(decoded);
  EXPECT_EQ(std::get<ProgressEntry>(*decoded).details, "details");
}

TEST(LogEntry, WhatNobodyWroteIsDataLoss) {
  const std::vector<std::string> wrong = {
      "",                                                                   // nothing
      std::string("\x09", 1),                                               // unknown type
      std::string("\x00", 1),                                               // unknown type
      std::string("\x02", 1),                                               // resolved without a state
      std::string("\x02\x0c\x09", 3),                                       // a state that there is not
      std::string("\x05\x0e\x01x\x04\x01", 6),                              // descending fields
      std::string("\x05\x0f\x01", 3),                                       // kind 3
      std::string("\x05\x00\x01", 3),                                       // field 0
      std::string("\x05\x0e\x05x", 4),                                      // longer than there is
      std::string("\x05\x06\x01x", 4),                                      // a number as bytes
      std::string("\x05\x04\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 12),  // more than 64 bits
  };
  for (size_t i = 0; i < wrong.size(); ++i) {
    SCOPED_TRACE(i);
    TB_EXPECT_CODE(DecodeEntry(wrong[i]), absl::StatusCode::kDataLoss);
  }
  TB_EXPECT_CODE(DecodeIssued(Encoded(ProgressEntry{})), absl::StatusCode::kDataLoss);
}

// --- Golden bytes: what was once written must be read for ever ---

std::string GoldenPath(const std::string& name) { return std::string(TB_GOLDEN_FOLDER) + "/" + name; }

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::pair<std::string, LogEntry>> GoldenEntries() {
  IssuedEntry issued;
  issued.time = 1700000000000;
  issued.name_space = "payments";
  issued.request_id = "r-1";
  issued.correlation_key = "order-42";
  issued.attempt = 2;
  issued.target = "states";
  issued.deadline = 1700003600000;
  issued.heartbeat_timeout = 60000;
  issued.summary = "approve order 42";
  issued.labels = {{"team", "billing"}, {"empty", ""}};
  issued.input = R"({"order":42})";
  issued.upstream_token_sealed = std::string_view("\x01\x00\xff", 3);
  issued.upstream_hash_hi = 0x8000000000000001;
  issued.upstream_hash_lo = 2;
  issued.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  issued.tracestate = "a=b";
  issued.output_schema = "{}";
  issued.allowed_errors = {"Declined", ""};
  issued.issued_by = "svc";
  issued.supersedes = MakeSequence(1, 7);
  return {
      {"issued", issued},
      {"resolved", ResolvedEntry{1700000001000, 8, TaskState::kExpired, "{}", "E", "why", "bob", "r-2", 1700000000999,
                                 1700000010000, true}},
      {"deadline_changed", DeadlineChangedEntry{1700000002000, 8, 1700009000000, "ann", true}},
      {"cancel_requested", CancelRequestedEntry{1700000003000, 8, 1700000010000, "no longer needed", "ann"}},
      {"progress", ProgressEntry{1700000004000, 8, R"({"percent":50})", 1700000010000, true}},
      {"parked", ParkedEntry{1700000005000, "payments", "order-43", TaskState::kFailed, "", "E", "why", "bob", "r-3",
                             1700000605000}},
      {"unparked", UnparkedEntry{1700000006000, 9, 10}},
      {"owed", ResolvedEntry{1700000007000, 8, TaskState::kSucceeded, "{}", "", "", "bob", "", 0, 0, false, "states",
                             "payments"}},
      {"delivery", DeliveryEntry{1700000008000, 11, 8, DeliveryState::kDeadLettered, 7, "InvalidOutput",
                                 "not what was asked for", "key:ann", true}},
  };
}

TEST(LogEntry, NothingIsOfNoType) { EXPECT_EQ(PeekEntryType(""), EntryType{}); }

TEST(LogEntry, GoldenBytesAreReadAndWrittenAlike) {
  for (const auto& [name, entry] : GoldenEntries()) {
    SCOPED_TRACE(name);
    const std::string path = GoldenPath("entry_v1_" + name + ".bin");
    // For a new type only: never to make this test pass.
    if (std::getenv("TB_WRITE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << Encoded(entry);
    const std::string golden = ReadFile(path);
    ASSERT_FALSE(golden.empty());
    EXPECT_TRUE(Encoded(entry) == golden);
    const auto decoded = DecodeEntry(golden);
    TB_ASSERT_OK(decoded);
    EXPECT_TRUE(Encoded(*decoded) == golden);
  }
}

}  // namespace
}  // namespace tokenbroker::storage
