// Records of the log are kept in pages: one key for up to 64 records makes writing five times as fast as a key each.
//
//   1 byte    page format, 1
//   varint    count, 1 to 64
//   count x   varint  how far the record's sequence number lies behind that of the record before it in the shard's
//                     log (for a page's first record: the last one of the page before, or 0)
//             varint  the record's length
//   bytes     the records, one behind the other
//   4 bytes   CRC-32C of the page's key and of everything above
//
// The first distance chains the pages: a missing page is noticed by whoever passes its place.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "storage/token_store.h"

namespace tokenbroker::storage {

inline constexpr uint8_t kPageFormat = 1;
inline constexpr size_t kMaxPageRecords = 64;
// A page takes no further record when it holds this much.
inline constexpr size_t kPageBytes = 16 << 10;
// A record of this size stands alone, so that the database keeps its value apart from its key.
inline constexpr size_t kLargeRecord = 4 << 10;

// How many of the records, at least one, go into the next page.
size_t CountForPage(absl::Span<const LogRecord> records);

// Replaces `page` by the page that holds `records`, which follow `previous` in the log.
void EncodePage(ShardId shard, Sequence previous, absl::Span<const LogRecord> records, std::string& page);

// A page's records, with views into its bytes.
class Page {
 public:
  // DATA_LOSS unless the bytes are a sound page that begins with `first`.
  static absl::StatusOr<Page> Decode(ShardId shard, Sequence first, std::string_view bytes);

  // The last sequence number of the page before.
  Sequence previous() const { return previous_; }
  Sequence first() const { return records_[0].sequence; }
  Sequence last() const { return records_[count_ - 1].sequence; }
  absl::Span<const LogRecord> records() const { return {records_.data(), count_}; }
  // Null if it is not in the page.
  const LogRecord* Find(Sequence sequence) const;

 private:
  std::array<LogRecord, kMaxPageRecords> records_;
  size_t count_ = 0;
  Sequence previous_ = 0;
};

}  // namespace tokenbroker::storage
