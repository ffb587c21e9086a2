// A page of the log: the checksum is made right here, so that what lies behind it is reached.
#include "storage/rocksdb/page.h"

#include <string>

#include "storage/crc32c.h"
#include "storage/rocksdb/keys.h"
#include "storage/wire.h"
#include "tests/fuzz/fuzz.h"

namespace tokenbroker::storage {
namespace {

constexpr Sequence kFirst = 1000;

void Check(std::string_view body) {
  std::string bytes(body);
  AppendLittle32(bytes, ExtendCrc32c(Crc32c(NumberKey(0, kFirst).view()), body));
  const absl::StatusOr<Page> page = Page::Decode(0, kFirst, bytes);
  if (!page.ok()) {
    TB_HOLDS(absl::IsDataLoss(page.status()));
    return;
  }
  TB_HOLDS(page->first() == kFirst && page->records().size() <= kMaxPageRecords);
  size_t size = 0;
  Sequence last = page->previous();
  for (const LogRecord& record : page->records()) {
    TB_HOLDS(record.sequence > last);
    last = record.sequence;
    size += record.bytes.size();
  }
  TB_HOLDS(size < body.size());
}

}  // namespace
}  // namespace tokenbroker::storage

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tokenbroker::storage::Check(tokenbroker::ViewOf(data, size));
  return 0;
}
