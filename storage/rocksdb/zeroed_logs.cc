#include "storage/rocksdb/zeroed_logs.h"

#include <mutex>
#include <string>
#include <utility>

#include "absl/strings/match.h"
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

// Tells the spare how long the log is.
class FollowedLog : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FollowedLog(std::unique_ptr<rocksdb::FSWritableFile> log, SpareLog& spare)
      : FSWritableFileOwnerWrapper(std::move(log)), spare_(spare) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    spare_.Follow(bytes_ += data.size());
    return FSWritableFileOwnerWrapper::Append(data, options, debug);
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo& verification,
                  IODebugContext* debug) override {
    spare_.Follow(bytes_ += data.size());
    return FSWritableFileOwnerWrapper::Append(data, options, verification, debug);
  }

 private:
  SpareLog& spare_;
  uint64_t bytes_ = 0;
};

class ZeroedLogs : public rocksdb::FileSystemWrapper {
 public:
  ZeroedLogs(std::shared_ptr<rocksdb::FileSystem> base, uint64_t log_bytes)
      : FileSystemWrapper(base), base_(std::move(base)), spare_bytes_(log_bytes + log_bytes / 4) {}
  const char* Name() const override { return "ZeroedLogs"; }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) override {
    if (!absl::EndsWith(path, ".log")) return FileSystemWrapper::NewWritableFile(path, options, file, debug);
    SpareLog& spare = SpareIn(path.substr(0, path.rfind('/')));
    if (auto made = spare.Take(path, options)) {
      *file = std::make_unique<DirectLog>(std::move(made));
    } else {
      IOStatus status = NewZeroedLog(path, options, file, debug);
      if (!status.ok()) return status;
    }
    *file = std::make_unique<FollowedLog>(std::move(*file), spare);
    return IOStatus::OK();
  }

 private:
  IOStatus NewZeroedLog(const std::string& path, const FileOptions& options,
                        std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
    IOStatus status = FileSystemWrapper::NewWritableFile(path, options, file, debug);
    if (!status.ok()) return status;
    std::unique_ptr<rocksdb::FSRandomRWFile> zeros;
    if (!NewRandomRWFile(path, options, &zeros, debug).ok()) return status;
    *file = std::make_unique<ZeroedLog>(std::move(*file), std::move(zeros));
    return status;
  }

  // RocksDB makes logs on any of its threads.
  SpareLog& SpareIn(const std::string& folder) {
    std::lock_guard lock(mutex_);
    if (spare_ == nullptr) spare_ = std::make_unique<SpareLog>(base_, folder, spare_bytes_);
    return *spare_;
  }

  const std::shared_ptr<rocksdb::FileSystem> base_;
  const uint64_t spare_bytes_;
  std::mutex mutex_;
  std::unique_ptr<SpareLog> spare_;
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> WithZeroedLogs(std::shared_ptr<rocksdb::FileSystem> base, uint64_t log_bytes) {
  return std::make_shared<ZeroedLogs>(std::move(base), log_bytes);
}

}  // namespace tokenbroker::storage
