#include "storage/rocksdb/page.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/crc32c.h"
#include "storage/rocksdb/keys.h"
#include "storage/wire.h"

namespace tokenbroker::storage {
namespace {

constexpr size_t kCrcSize = 4;

absl::Status Damaged(ShardId shard, Sequence first, absl::string_view how) {
  return absl::DataLossError(
      absl::StrCat("the log of shard ", shard, " is damaged at sequence ", first, ": the page ", how));
}

uint32_t PageCrc(ShardId shard, Sequence first, std::string_view body) {
  return ExtendCrc32c(Crc32c(NumberKey(shard, first).view()), body);
}

}  // namespace

size_t CountForPage(absl::Span<const LogRecord> records) {
  size_t bytes = 0;
  size_t count = 0;
  for (const LogRecord& record : records) {
    const bool large = record.bytes.size() >= kLargeRecord;
    if (large) return std::max<size_t>(count, 1);
    bytes += record.bytes.size();
    if (++count == kMaxPageRecords || bytes >= kPageBytes) break;
  }
  return count;
}

void EncodePage(ShardId shard, Sequence previous, absl::Span<const LogRecord> records, std::string& page) {
  char table[2 + kMaxPageRecords * 2 * kMaxVarint];
  char* at = table;
  *at++ = static_cast<char>(kPageFormat);
  at = PutVarint(at, records.size());
  for (const LogRecord& record : records) {
    at = PutVarint(at, record.sequence - previous);
    at = PutVarint(at, record.bytes.size());
    previous = record.sequence;
  }
  page.assign(table, at - table);
  for (const LogRecord& record : records) page.append(record.bytes);
  AppendLittle32(page, PageCrc(shard, records[0].sequence, page));
}

absl::StatusOr<Page> Page::Decode(ShardId shard, Sequence first, std::string_view bytes) {
  if (bytes.size() < kCrcSize) return Damaged(shard, first, "is cut off");
  const std::string_view body = bytes.substr(0, bytes.size() - kCrcSize);
  if (GetLittle32(bytes.data() + body.size()) != PageCrc(shard, first, body)) {
    return Damaged(shard, first, "has a wrong checksum");
  }
  WireReader reader(body);
  if (const uint8_t format = reader.Byte(); format != kPageFormat) {
    return Damaged(shard, first, absl::StrCat("has the unknown format ", format));
  }
  Page page;
  page.count_ = reader.Varint();
  if (page.count_ == 0 || page.count_ > kMaxPageRecords) return Damaged(shard, first, "has an impossible count");
  std::array<uint64_t, kMaxPageRecords> lengths;
  Sequence sequence = first;
  for (size_t i = 0; i < page.count_; ++i) {
    const uint64_t distance = reader.Varint();
    const uint64_t farthest = i == 0 ? first : std::numeric_limits<Sequence>::max() - sequence;
    if (distance == 0 || distance > farthest) return Damaged(shard, first, "has numbers that do not grow");
    if (i == 0) page.previous_ = first - distance;
    if (i > 0) sequence += distance;
    page.records_[i].sequence = sequence;
    lengths[i] = reader.Varint();
  }
  for (size_t i = 0; i < page.count_; ++i) page.records_[i].bytes = reader.Bytes(lengths[i]);
  if (!reader.ok() || !reader.at_end()) return Damaged(shard, first, "does not add up");
  return page;
}

const LogRecord* Page::Find(Sequence sequence) const {
  const LogRecord* end = records_.data() + count_;
  const LogRecord* record = std::lower_bound(records_.data(), end, sequence,
                                             [](const LogRecord& a, Sequence wanted) { return a.sequence < wanted; });
  return record != end && record->sequence == sequence ? record : nullptr;
}

}  // namespace tokenbroker::storage
