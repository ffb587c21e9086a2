// A write-ahead log that is written over a file of zeros, past the kernel's cache.
//
// Nobody reads a log while it is written, so its copy in the cache is work for nothing: pages to be found, filled,
// written back and given up again. A commit is filled up with zeros to whole pages, as the disk wants them; a page that
// it fills in part is written again with the next one, the same bytes at its beginning.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>

#include "rocksdb/file_system.h"

namespace tokenbroker::storage {

class DirectLog : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  // `file` is written by position, and has `zeros` bytes, on disk; behind them it grows.
  DirectLog(std::unique_ptr<rocksdb::FSWritableFile> file, uint64_t zeros);

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo&, rocksdb::IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override;
  // Cuts off the zeros that were not needed.
  rocksdb::IOStatus Close(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override;
  uint64_t GetFileSize(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override { return length(); }
  // There is room already.
  void PrepareWrite(size_t, size_t, const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {}
  // RocksDB need not align anything, and must sync.
  bool use_direct_io() const override { return false; }

 private:
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };

  uint64_t length() const { return page_ + in_page_; }

  // Holds what the file's last page holds, if that is not full.
  const std::unique_ptr<char, Free> buffer_;
  const uint64_t zeros_;
  uint64_t page_ = 0;
  size_t in_page_ = 0;
};

}  // namespace tokenbroker::storage
