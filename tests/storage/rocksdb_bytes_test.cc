// The bytes below the store: keys, pages, log audit, backup file.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"
#include "storage/crc32c.h"
#include "storage/rocksdb/backup.h"
#include "storage/rocksdb/held.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/log_audit.h"
#include "storage/rocksdb/meta.h"
#include "storage/rocksdb/page.h"
#include "tests/testing/store_seed.h"
#include "tests/testing/store_status.h"

namespace tokenbroker::storage {
namespace {

using ::tokenbroker::testing::BaseSeed;
using ::tokenbroker::testing::Random;

uint64_t AnyNumber(Random& random) { return random.Bits() >> random.Below(64); }

TEST(Keys, OrderOfBytesIsOrderOfNumbers) {
  Random random(BaseSeed());
  for (int i = 0; i < 5000; ++i) {
    const auto a = std::tuple(static_cast<ShardId>(random.Below(4)), AnyNumber(random), AnyNumber(random));
    const auto b = std::tuple(static_cast<ShardId>(random.Below(4)), AnyNumber(random), AnyNumber(random));
    const auto key = [](const auto& of) { return IndexRowKey(std::get<0>(of), {std::get<1>(of), std::get<2>(of)}); };
    EXPECT_EQ(key(a).view() < key(b).view(), a < b);
    EXPECT_EQ(NumberKey(std::get<0>(a), std::get<1>(a)).view() < NumberKey(std::get<0>(b), std::get<1>(b)).view(),
              std::pair(std::get<0>(a), std::get<1>(a)) < std::pair(std::get<0>(b), std::get<1>(b)));
  }
}

TEST(Keys, ReleasesStandBeforeCopiesInOrderOfTheirEnd) {
  EXPECT_LT(ReleaseKey(1, {5, 99}).view(), ReleaseKey(1, {6, 1}).view());
  EXPECT_LT(ReleaseKey(1, {~uint64_t{0}, 0}).view(), HeldKey(1, 0).view());
  EXPECT_LT(HeldKey(1, ~uint64_t{0}).view(), ReleaseKey(2, {0, 0}).view());
}

std::vector<LogRecord> SomeRecords() {
  return {{MakeSequence(0, 1000), "first"}, {MakeSequence(0, 1001), ""}, {MakeSequence(1, 1), "of a new epoch"}};
}

TEST(Page, RoundTrips) {
  std::string bytes;
  EncodePage(3, 990, SomeRecords(), bytes);
  const auto page = Page::Decode(3, 1000, bytes);
  TB_ASSERT_OK(page);
  EXPECT_EQ(page->previous(), 990u);
  EXPECT_EQ(page->first(), 1000u);
  EXPECT_EQ(page->last(), MakeSequence(1, 1));
  EXPECT_EQ(page->Find(1001)->bytes, "");
  EXPECT_EQ(page->Find(MakeSequence(1, 1))->bytes, "of a new epoch");
  EXPECT_EQ(page->Find(1002), nullptr);
}

TEST(Page, AnyFlippedBitAndAnyCutIsNoticed) {
  std::string bytes;
  EncodePage(3, 990, SomeRecords(), bytes);
  for (size_t i = 0; i < bytes.size() * 8; ++i) {
    std::string flipped = bytes;
    flipped[i / 8] ^= static_cast<char>(1 << (i % 8));
    TB_EXPECT_CODE(Page::Decode(3, 1000, flipped), absl::StatusCode::kDataLoss);
  }
  for (size_t size = 0; size < bytes.size(); ++size) {
    TB_EXPECT_CODE(Page::Decode(3, 1000, bytes.substr(0, size)), absl::StatusCode::kDataLoss);
  }
  // In another place it is no less wrong.
  TB_EXPECT_CODE(Page::Decode(4, 1000, bytes), absl::StatusCode::kDataLoss);
  TB_EXPECT_CODE(Page::Decode(3, 1001, bytes), absl::StatusCode::kDataLoss);
}

TEST(Page, RandomBytesWithAGoodChecksumAreNoTrouble) {
  Random random(BaseSeed());
  for (int i = 0; i < 20000; ++i) {
    std::string body = random.Bytes(random.Below(60));
    if (!body.empty()) body[0] = 1;
    if (body.size() > 1) body[1] = static_cast<char>(random.Below(5));
    AppendLittle32(body, ExtendCrc32c(Crc32c(NumberKey(0, 7).view()), body));
    const auto page = Page::Decode(0, 7, body);
    ASSERT_TRUE(page.ok() || absl::IsDataLoss(page.status()));
  }
}

TEST(Page, NumbersThatWrapAreDataLossWhateverTheChecksum) {
  const auto decoded = [](Sequence first, const std::vector<uint64_t>& distances) {
    std::string body(1, static_cast<char>(kPageFormat));
    AppendVarint(body, distances.size());
    for (uint64_t distance : distances) {
      AppendVarint(body, distance);
      AppendVarint(body, 0);
    }
    AppendLittle32(body, ExtendCrc32c(Crc32c(NumberKey(0, first).view()), body));
    return Page::Decode(0, first, body).status();
  };
  TB_EXPECT_OK(decoded(7, {7, 1}));
  TB_EXPECT_OK(decoded(7, {1, ~uint64_t{0} - 7}));
  for (const absl::Status& status : {decoded(7, {8}), decoded(7, {~uint64_t{0}}), decoded(7, {1, ~uint64_t{0} - 6})}) {
    TB_EXPECT_CODE(status, absl::StatusCode::kDataLoss);
    EXPECT_EQ(status.message(), "the log of shard 0 is damaged at sequence 7: the page has numbers that do not grow");
  }
}

TEST(Page, ClosesAtItsLimits) {
  const std::string small(100, 's');
  const std::string medium(4000, 'm');
  const std::string large(4096, 'l');
  EXPECT_EQ(CountForPage(std::vector<LogRecord>(200, {1, small})), kMaxPageRecords);
  EXPECT_EQ(CountForPage(std::vector<LogRecord>(200, {1, medium})), 5u);
  EXPECT_EQ(CountForPage(std::vector<LogRecord>(200, {1, large})), 1u);
  EXPECT_EQ(CountForPage(std::vector<LogRecord>{{1, small}, {2, large}, {3, small}}), 1u);
}

TEST(Page, GoldenBytesAreReadAndWrittenAlike) {
  const std::string path = std::string(TB_GOLDEN_FOLDER) + "/page_v1.bin";
  std::string written;
  EncodePage(3, 990, SomeRecords(), written);
  if (std::getenv("TB_WRITE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << written;
  std::ifstream file(path, std::ios::binary);
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(written == golden);
  TB_EXPECT_OK(Page::Decode(3, 1000, golden));
}

TEST(Held, RoundTripsAndNoticesDamage) {
  const Key key = HeldKey(2, 77);
  const HeldCopy task{77, "entry", {{1, 2}, {3, 4}}};
  std::string value = EncodeHeld(key, task);
  const auto held = DecodeHeld(key, value);
  TB_ASSERT_OK(held);
  EXPECT_EQ(held->bytes, "entry");
  EXPECT_EQ(held->index_keys, task.index_keys);
  TB_EXPECT_CODE(DecodeHeld(HeldKey(2, 78), value), absl::StatusCode::kDataLoss);
  value[3] ^= 1;
  TB_EXPECT_CODE(DecodeHeld(key, value), absl::StatusCode::kDataLoss);
}

TEST(BackupInfo, RoundTripsAndNoticesDamage) {
  BackupInfo info;
  info.format = 1;
  info.epoch = 3;
  info.time = 1700000000000;
  info.last_sequences = {{0, 17}, {255, MakeSequence(3, 1)}};
  const std::string text = EncodeBackupInfo(info);
  const auto decoded = DecodeBackupInfo(text);
  TB_ASSERT_OK(decoded);
  EXPECT_EQ(decoded->epoch, 3);
  EXPECT_EQ(decoded->time, info.time);
  EXPECT_EQ(decoded->last_sequences, info.last_sequences);
  for (size_t i = 0; i < text.size(); ++i) {
    std::string damaged = text;
    damaged[i] ^= 1;
    TB_EXPECT_CODE(DecodeBackupInfo(damaged), absl::StatusCode::kDataLoss);
  }
}

TEST(Format, OthersAreRefusedInWords) {
  TB_EXPECT_OK(CheckFormat(std::string("\1\0\0\0", 4), "here"));
  const absl::Status newer = CheckFormat(std::string("\2\0\0\0", 4), "here");
  TB_EXPECT_CODE(newer, absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(newer.message().find("here has storage format 2"), absl::string_view::npos) << newer;
  TB_EXPECT_CODE(CheckFormat("x", "here"), absl::StatusCode::kDataLoss);
}

// A write-ahead log of whole records in RocksDB's format.
class LogMaker {
 public:
  // Returns where the record begins.
  size_t Add(uint32_t count, size_t payload_size) {
    std::string payload(std::max<size_t>(payload_size, 12), 'p');
    PutLittle64(payload.data(), 1);
    PutLittle32(payload.data() + 8, count);
    if (32768 - bytes_.size() % 32768 < 7) bytes_.resize((bytes_.size() + 32767) / 32768 * 32768);
    const size_t begin = bytes_.size();
    for (bool first = true; first || !payload.empty(); first = false) AddPiece(payload, first);
    return begin;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void AddPiece(std::string& payload, bool first) {
    const size_t left = 32768 - bytes_.size() % 32768;
    if (left < 7) return bytes_.append(left, '\0'), void();
    const size_t size = std::min(payload.size(), left - 7);
    const bool last = size == payload.size();
    std::string piece(1, static_cast<char>(first ? (last ? 1 : 2) : (last ? 4 : 3)));
    piece += payload.substr(0, size);
    const uint32_t crc = Crc32c(piece);
    AppendLittle32(bytes_, ((crc >> 15) | (crc << 17)) + 0xa282ead8u);
    bytes_ += static_cast<char>(size);
    bytes_ += static_cast<char>(size >> 8);
    bytes_ += piece;
    payload.erase(0, size);
  }

  std::string bytes_;
};

TEST(LogAudit, TellsATornEndFromDamage) {
  LogMaker log;
  log.Add(1, 100);
  const size_t second = log.Add(1, 50000);
  const size_t third = log.Add(1, 90000);
  const LogAudit whole = AuditLog(LogKind::kWriteAhead, log.bytes());
  EXPECT_FALSE(whole.torn);
  EXPECT_EQ(whole.sound_bytes, log.bytes().size());
  Random random(BaseSeed());
  for (int i = 0; i < 300; ++i) {
    std::string bytes = log.bytes();
    const size_t at = random.Below(bytes.size());
    bytes[at] ^= static_cast<char>(1 << random.Below(8));
    const LogAudit audit = AuditLog(LogKind::kWriteAhead, bytes);
    EXPECT_TRUE(audit.torn) << at;
    EXPECT_EQ(audit.continues, at < third) << at;
    EXPECT_LE(audit.sound_bytes, at);
  }
  for (const size_t size : {second + 3, second + 40000, third + 1, third + 89999}) {
    const LogAudit audit = AuditLog(LogKind::kWriteAhead, std::string_view(log.bytes()).substr(0, size));
    EXPECT_TRUE(audit.torn);
    EXPECT_FALSE(audit.continues);
    EXPECT_EQ(audit.sound_bytes, size < third ? second : third);
  }
}

TEST(LogAudit, EmptyBatchesAndZerosMeanNothing) {
  LogMaker log;
  log.Add(1, 100);
  const std::string torn = log.bytes().substr(0, 60);
  LogMaker other;
  other.Add(0, 12);
  EXPECT_FALSE(HoldsRecord(LogKind::kWriteAhead, other.bytes(), 0));
  EXPECT_TRUE(HoldsRecord(LogKind::kManifest, other.bytes(), 0));
  EXPECT_FALSE(AuditLog(LogKind::kWriteAhead, log.bytes() + std::string(40000, '\0')).torn);
  EXPECT_FALSE(AuditLog(LogKind::kWriteAhead, torn + std::string(40000, '\0')).continues);
}

}  // namespace
}  // namespace tokenbroker::storage
