#include "storage/rocksdb/zeroed_logs.h"

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "storage/rocksdb/direct_log.h"
#include "storage/rocksdb/spare_log.h"

namespace tokenbroker::storage {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

constexpr size_t kAhead = 128 << 10;
// Larger commits are written as they are: zeros would double what they write, to save a small part of it.
constexpr size_t kSmallCommit = 32 << 10;

const Slice& Zeros() {
  static const std::string zeros(kAhead, '\0');
  static const Slice slice(zeros);
  return slice;
}

// RocksDB hands over a commit in one piece, and one after the other.
class ZeroedLog : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  // `zeros` is the same file.
  ZeroedLog(std::unique_ptr<rocksdb::FSWritableFile> file, std::unique_ptr<rocksdb::FSRandomRWFile> zeros)
      : FSWritableFileOwnerWrapper(std::move(file)), zeros_(std::move(zeros)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    WriteAhead(data.size(), options, debug);
    return Written(data.size(), FSWritableFileOwnerWrapper::Append(data, options, debug));
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo& verification,
                  IODebugContext* debug) override {
    WriteAhead(data.size(), options, debug);
    return Written(data.size(), FSWritableFileOwnerWrapper::Append(data, options, verification, debug));
  }

 private:
  // Before the commit, whose sync covers them. If that does not work the commit is as durable without.
  void WriteAhead(size_t commit, const IOOptions& options, IODebugContext* debug) {
    if (commit > kSmallCommit || end_ + commit <= zeroed_ || zeros_ == nullptr) return;
    if (zeros_->Write(end_, Zeros(), options, debug).ok()) {
      zeroed_ = end_ + kAhead;
    } else {
      zeros_.reset();
    }
  }

  IOStatus Written(size_t commit, IOStatus status) {
    if (status.ok()) end_ += commit;
    return status;
  }

  std::unique_ptr<rocksdb::FSRandomRWFile> zeros_;
  uint64_t end_ = 0;
  uint64_t zeroed_ = 0;
};

using Length = std::atomic<uint64_t>;

// Says how long it is.
class MeasuredLog : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  MeasuredLog(std::unique_ptr<rocksdb::FSWritableFile> log, std::shared_ptr<Length> length, SpareLog& spare)
      : FSWritableFileOwnerWrapper(std::move(log)), length_(std::move(length)), spare_(spare) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return Written(data.size(), FSWritableFileOwnerWrapper::Append(data, options, debug));
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo& verification,
                  IODebugContext* debug) override {
    return Written(data.size(), FSWritableFileOwnerWrapper::Append(data, options, verification, debug));
  }

 private:
  IOStatus Written(size_t bytes, IOStatus status) {
    if (status.ok()) spare_.Follow(length_->fetch_add(bytes) + bytes);
    return status;
  }

  const std::shared_ptr<Length> length_;
  SpareLog& spare_;
};

class ZeroedLogs : public rocksdb::FileSystemWrapper {
 public:
  ZeroedLogs(std::shared_ptr<rocksdb::FileSystem> base, const std::string& folder, uint64_t log_bytes)
      : FileSystemWrapper(base),
        base_(std::move(base)),
        folder_(absl::StripSuffix(folder, "/")),
        log_bytes_(log_bytes) {}
  const char* Name() const override { return "ZeroedLogs"; }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) override {
    if (!IsLog(path)) return FileSystemWrapper::NewWritableFile(path, options, file, debug);
    SpareLog& spare = Spare();
    uint64_t zeros = 0;
    if (auto made = spare.Take(path, options, zeros)) {
      *file = std::make_unique<DirectLog>(std::move(made), zeros);
    } else {
      IOStatus status = NewZeroedLog(path, options, file, debug);
      if (!status.ok()) return status;
    }
    *file = std::make_unique<MeasuredLog>(std::move(*file), NewLength(path), spare);
    return IOStatus::OK();
  }

  IOStatus GetFileSize(const std::string& path, const IOOptions& options, uint64_t* size,
                       IODebugContext* debug) override {
    if (const std::shared_ptr<const Length> length = LengthOf(path)) {
      *size = length->load();
      return IOStatus::OK();
    }
    return FileSystemWrapper::GetFileSize(path, options, size, debug);
  }

 private:
  // A backup makes copies of logs in another folder.
  bool IsLog(const std::string& path) const {
    return absl::EndsWith(path, ".log") && path.rfind('/') == folder_.size() && absl::StartsWith(path, folder_);
  }

  IOStatus NewZeroedLog(const std::string& path, const FileOptions& options,
                        std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
    IOStatus status = FileSystemWrapper::NewWritableFile(path, options, file, debug);
    if (!status.ok()) return status;
    std::unique_ptr<rocksdb::FSRandomRWFile> zeros;
    if (!NewRandomRWFile(path, options, &zeros, debug).ok()) return status;
    *file = std::make_unique<ZeroedLog>(std::move(*file), std::move(zeros));
    return status;
  }

  // RocksDB makes logs on any of its threads; one that is only read has none.
  SpareLog& Spare() {
    std::lock_guard lock(mutex_);
    if (spare_ == nullptr) spare_ = std::make_unique<SpareLog>(base_, folder_, ZerosBytesMax(log_bytes_));
    return *spare_;
  }

  std::shared_ptr<Length> NewLength(const std::string& path) {
    auto length = std::make_shared<Length>(0);
    std::lock_guard lock(mutex_);
    std::erase_if(lengths_, [](const auto& known) { return known.second.expired(); });
    lengths_[path] = length;
    return length;
  }

  // Null unless the log is open.
  std::shared_ptr<const Length> LengthOf(const std::string& path) {
    std::lock_guard lock(mutex_);
    const auto known = lengths_.find(path);
    return known == lengths_.end() ? nullptr : known->second.lock();
  }

  const std::shared_ptr<rocksdb::FileSystem> base_;
  const std::string folder_;
  const uint64_t log_bytes_;
  std::mutex mutex_;
  std::unique_ptr<SpareLog> spare_;
  std::map<std::string, std::weak_ptr<const Length>> lengths_;
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> WithZeroedLogs(std::shared_ptr<rocksdb::FileSystem> base,
                                                    const std::string& folder, uint64_t log_bytes) {
  return std::make_shared<ZeroedLogs>(std::move(base), folder, log_bytes);
}

}  // namespace tokenbroker::storage
