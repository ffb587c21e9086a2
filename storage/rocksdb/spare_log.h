// A file of zeros that is made ready, on a thread of its own, to become the next write-ahead log.
//
// It grows with the log that is written now, so that its making is spread evenly, and a log that stays small has no
// spare. It is written past the kernel's cache; where that is not possible there is none.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "rocksdb/file_system.h"

namespace tokenbroker::storage {

// What the name of a spare ends in. One that was left over can be deleted when the database is opened.
inline constexpr char kSpareSuffix[] = ".spare";

// What disks want to be written in when the kernel's cache is passed by, from memory that is aligned alike.
inline constexpr size_t kDiskPage = 4096;

class SpareLog {
 public:
  // In `folder`; at most `bytes_max` long.
  SpareLog(std::shared_ptr<rocksdb::FileSystem> disk, std::string folder, uint64_t bytes_max);
  // The file goes as well.
  ~SpareLog();
  SpareLog(const SpareLog&) = delete;
  SpareLog& operator=(const SpareLog&) = delete;

  // The log that is written now has so many bytes. Never waits.
  void Follow(uint64_t bytes);

  // Makes the spare the log `path`, of `zeros` bytes that are on disk, to be written by position in whole pages, and
  // begins with the next one. Null if there is none, or if that failed.
  std::unique_ptr<rocksdb::FSWritableFile> Take(const std::string& path, rocksdb::FileOptions options, uint64_t& zeros);

 private:
  void Wake();
  void Run();
  // Begins, or adds a piece. If that fails there will be no spare for the next log.
  void Grow();
  bool Begin();
  bool Add(size_t bytes);
  void Remove();

  const std::shared_ptr<rocksdb::FileSystem> disk_;
  const std::string path_;
  const uint64_t bytes_max_;
  const size_t piece_;
  // How long the spare is to be.
  std::atomic<uint64_t> wanted_{0};
  std::atomic<bool> stop_{false};
  // Changes after each of those: what the thread sleeps on. Either may have changed back before it wakes.
  std::atomic<int> changes_{0};
  std::mutex mutex_;  // guards what follows
  std::unique_ptr<rocksdb::FSWritableFile> file_;
  uint64_t ready_ = 0;
  bool failed_ = false;
  std::thread thread_;
};

}  // namespace tokenbroker::storage
