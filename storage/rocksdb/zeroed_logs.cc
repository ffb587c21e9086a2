#include "storage/rocksdb/zeroed_logs.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"

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

class ZeroedLogs : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  const char* Name() const override { return "ZeroedLogs"; }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) override {
    IOStatus status = FileSystemWrapper::NewWritableFile(path, options, file, debug);
    if (!status.ok() || !absl::EndsWith(path, ".log")) return status;
    std::unique_ptr<rocksdb::FSRandomRWFile> zeros;
    if (!NewRandomRWFile(path, options, &zeros, debug).ok()) return status;
    *file = std::make_unique<ZeroedLog>(std::move(*file), std::move(zeros));
    return status;
  }
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> WithZeroedLogs(std::shared_ptr<rocksdb::FileSystem> base) {
  return std::make_shared<ZeroedLogs>(std::move(base));
}

}  // namespace tokenbroker::storage
