#include "storage/rocksdb/direct_log.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "storage/rocksdb/spare_log.h"

namespace tokenbroker::storage {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

// Larger commits are written in parts.
constexpr size_t kBufferBytes = 512 << 10;

constexpr size_t WholePages(size_t bytes) { return (bytes + kDiskPage - 1) / kDiskPage * kDiskPage; }

}  // namespace

DirectLog::DirectLog(std::unique_ptr<rocksdb::FSWritableFile> file, uint64_t zeros)
    : FSWritableFileOwnerWrapper(std::move(file)),
      buffer_(static_cast<char*>(std::aligned_alloc(kDiskPage, kBufferBytes))),
      zeros_(zeros) {}

IOStatus DirectLog::Append(const Slice& data, const IOOptions& options, IODebugContext* debug) {
  char* const buffer = buffer_.get();
  for (Slice rest = data; !rest.empty();) {
    const size_t part = std::min(rest.size(), kBufferBytes - in_page_);
    std::memcpy(buffer + in_page_, rest.data(), part);
    rest.remove_prefix(part);
    const size_t filled = in_page_ + part;
    const size_t written = WholePages(filled);
    std::memset(buffer + filled, 0, written - filled);
    IOStatus status = PositionedAppend({buffer, written}, page_, options, debug);
    if (!status.ok()) return status;
    const size_t full = filled / kDiskPage * kDiskPage;
    if (full > 0) std::memcpy(buffer, buffer + full, filled - full);
    page_ += full;
    in_page_ = filled - full;
  }
  return IOStatus::OK();
}

// Behind the zeros it is longer each time: see SpareLog::Take.
IOStatus DirectLog::Sync(const IOOptions& options, IODebugContext* debug) {
  return length() > zeros_ ? Fsync(options, debug) : FSWritableFileOwnerWrapper::Sync(options, debug);
}

IOStatus DirectLog::Close(const IOOptions& options, IODebugContext* debug) {
  // Zeros that stay say nothing.
  Truncate(length(), options, debug).PermitUncheckedError();
  return FSWritableFileOwnerWrapper::Close(options, debug);
}

}  // namespace tokenbroker::storage
