// A file system that forgets, on demand, what was not synced, and lets single calls fail.
//
// Power cut: everything written goes to real files at once, but it is remembered what of it a disk would not have to
// keep: bytes behind the last sync of their file, or written over others since, and names made, moved or deleted since
// the last sync of the folder. When power is cut all calls fail; LoseUnsynced then takes a part of that away, chosen by
// the seed: files end somewhere behind their last sync, or hold a sector of zeros there; sectors that were written over
// are as before; files that were shortened are as long as before; the last changes of the folder are undone, newest
// first.
//
// For one folder without subfolders. Real syncs are left out, which makes it fast. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "rocksdb/file_system.h"
#include "tests/testing/store_seed.h"

namespace tokenbroker::testing {

class FaultFileSystem : public rocksdb::FileSystemWrapper {
 public:
  // `trash` is an empty folder beside the one under test.
  explicit FaultFileSystem(std::string trash)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), trash_(std::move(trash)) {}
  const char* Name() const override { return "FaultFileSystem"; }

  // The call that comes after so many others, and all behind it, fail.
  void CutPowerAfter(uint64_t calls);
  // What is left after a cut; power is back then. All files must be closed.
  void LoseUnsynced(Random& random);

  // One call fails, the one after so many others.
  void FailAfter(uint64_t calls);
  uint64_t calls() const;
  // How many files began as others.
  uint64_t reused() const;
  // What the first failed call was, as in "sync /data/000004.log"; empty if none failed yet.
  std::string failed() const;

  // --- What RocksDB and the store use ---
  rocksdb::IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReuseWritableFile(const std::string& path, const std::string& old_path,
                                      const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomRWFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* folder,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

  // --- What its files use ---
  struct Overwrite {
    uint64_t offset;
    std::string before;
    std::string after;
  };
  struct File {
    uint64_t synced = 0;
    uint64_t size = 0;
    std::vector<Overwrite> overwrites;
  };
  // Counts a call; an error if it must fail.
  rocksdb::IOStatus Count(const std::string& what);
  void Sync(File& file);
  // Of what is written, `before` holds the bytes that were there.
  void Written(File& file, Overwrite write);
  void Shortened(File& file, uint64_t size);
  void SyncFolder();

 private:
  struct NameChange {
    enum Kind { kMade, kMoved, kDeleted } kind;
    std::string path;
    std::string from;                 // kMoved
    std::string trash;                // what stood at `path` before; empty if nothing did
    std::shared_ptr<File> displaced;  // its state
  };

  std::shared_ptr<File> Track(const std::string& path, uint64_t size, bool made);
  // Moves what stands at `path` to the trash; empty if nothing does.
  std::string ToTrash(const std::string& path);
  void Undo(const NameChange& change);
  void LoseOverwrites(const std::string& path, File& file, Random& random);
  void LoseBytes(const std::string& path, File& file, Random& random);

  const std::string trash_;
  mutable std::mutex mutex_;
  uint64_t calls_ = 0;
  uint64_t cut_at_ = ~uint64_t{0};
  uint64_t fail_at_ = ~uint64_t{0};
  std::string failed_;
  uint64_t reused_ = 0;
  uint64_t trashed_ = 0;
  std::map<std::string, std::shared_ptr<File>> files_;
  std::vector<NameChange> changes_;
};

}  // namespace tokenbroker::testing
