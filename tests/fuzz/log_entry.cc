// Whatever stands on the disk is an entry or DATA_LOSS; an entry comes back as it was.
#include "storage/log_entry.h"

#include <string>

#include "tests/fuzz/fuzz.h"

namespace tokenbroker::storage {
namespace {

std::string Encoded(const LogEntry& entry) {
  std::string bytes;
  std::visit([&](const auto& known) { EncodeEntry(known, bytes); }, entry);
  return bytes;
}

void Check(std::string_view bytes) {
  const absl::StatusOr<LogEntry> entry = DecodeEntry(bytes);
  TB_HOLDS(!DecodeIssued(bytes).ok() || std::holds_alternative<IssuedEntry>(*entry));
  TB_HOLDS(!DecodeResolved(bytes).ok() || std::holds_alternative<ResolvedEntry>(*entry));
  if (!entry.ok()) {
    TB_HOLDS(absl::IsDataLoss(entry.status()));
    return;
  }
  // Unknown fields are skipped, so only the second round must be exact.
  const std::string once = Encoded(*entry);
  const absl::StatusOr<LogEntry> again = DecodeEntry(once);
  TB_HOLDS(again.ok());
  TB_HOLDS(Encoded(*again) == once);
}

}  // namespace
}  // namespace tokenbroker::storage

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tokenbroker::storage::Check(tokenbroker::ViewOf(data, size));
  return 0;
}
