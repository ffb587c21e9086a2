#include "tests/testing/fault_file_system.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

namespace tokenbroker::testing {
namespace {

namespace fs = std::filesystem;
using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

constexpr uint64_t kSector = 512;

// What stands there now; less than `size` at the end of the file.
std::string ReadRange(const std::string& path, uint64_t at, size_t size) {
  std::string bytes(size, '\0');
  std::ifstream stream(path, std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(at)).read(bytes.data(), static_cast<std::streamsize>(size));
  bytes.resize(static_cast<size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
  return bytes;
}

// Not every kernel can write past it where folders are in memory.
FileOptions ThroughTheCache(FileOptions options) {
  options.use_direct_writes = false;
  return options;
}

class CountedSequentialFile : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  CountedSequentialFile(FaultFileSystem* owner, std::unique_ptr<rocksdb::FSSequentialFile> file)
      : FSSequentialFileOwnerWrapper(std::move(file)), owner_(owner) {}
  IOStatus Read(size_t n, const IOOptions& options, Slice* result, char* scratch, IODebugContext* debug) override {
    IOStatus status = owner_->Count("read");
    return status.ok() ? FSSequentialFileOwnerWrapper::Read(n, options, result, scratch, debug) : status;
  }

 private:
  FaultFileSystem* owner_;
};

class CountedRandomFile : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  CountedRandomFile(FaultFileSystem* owner, std::unique_ptr<rocksdb::FSRandomAccessFile> file)
      : FSRandomAccessFileOwnerWrapper(std::move(file)), owner_(owner) {}
  IOStatus Read(uint64_t at, size_t n, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) const override {
    IOStatus status = owner_->Count("read");
    return status.ok() ? FSRandomAccessFileOwnerWrapper::Read(at, n, options, result, scratch, debug) : status;
  }

 private:
  FaultFileSystem* owner_;
};

class CountedWritableFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  // Appends from `end` on.
  CountedWritableFile(FaultFileSystem* owner, std::string path, std::shared_ptr<FaultFileSystem::File> state,
                      uint64_t end, std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)),
        owner_(owner),
        path_(std::move(path)),
        state_(std::move(state)),
        end_(end) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    const auto append = [&](const Slice& part) { return FSWritableFileOwnerWrapper::Append(part, options, debug); };
    IOStatus status = Write(data, end_, append);
    if (status.ok()) end_ += data.size();
    return status;
  }
  IOStatus PositionedAppend(const Slice& data, uint64_t at, const IOOptions& options, IODebugContext* debug) override {
    return Write(data, at, [&](const Slice& part) {
      return FSWritableFileOwnerWrapper::PositionedAppend(part, at, options, debug);
    });
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return SyncNow(); }
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return SyncNow(); }
  IOStatus RangeSync(uint64_t, uint64_t, const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = FSWritableFileOwnerWrapper::Close(options, debug);
    // What was only reserved, or written ahead, goes.
    if (fs::exists(path_)) owner_->Shortened(*state_, fs::file_size(path_));
    return status;
  }

 private:
  template <typename Put>
  IOStatus Write(const Slice& data, uint64_t at, Put put) {
    IOStatus counted = owner_->Count("append " + path_);
    // Of a write that fails a part reaches the disk.
    const Slice part(data.data(), counted.ok() ? data.size() : data.size() / 2);
    // Others may have made the file longer than what was appended.
    std::string before = ReadRange(path_, at, part.size());
    IOStatus status = put(part);
    if (status.ok()) owner_->Written(*state_, {at, std::move(before), part.ToString()});
    return counted.ok() ? status : counted;
  }

  IOStatus SyncNow() {
    IOStatus status = owner_->Count("sync " + path_);
    if (status.ok()) owner_->Sync(*state_);
    return status;
  }

  FaultFileSystem* owner_;
  std::string path_;
  std::shared_ptr<FaultFileSystem::File> state_;
  uint64_t end_;
};

class CountedOverwrittenFile : public rocksdb::FSRandomRWFileOwnerWrapper {
 public:
  CountedOverwrittenFile(FaultFileSystem* owner, std::shared_ptr<FaultFileSystem::File> state,
                         std::unique_ptr<rocksdb::FSRandomRWFile> file)
      : FSRandomRWFileOwnerWrapper(std::move(file)), owner_(owner), state_(std::move(state)) {}

  IOStatus Write(uint64_t at, const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = owner_->Count("overwrite");
    if (!status.ok()) return status;
    std::string before(data.size(), '\0');
    Slice old;
    status = FSRandomRWFileOwnerWrapper::Read(at, before.size(), options, &old, before.data(), debug);
    if (!status.ok()) return status;
    owner_->Written(*state_, {at, old.ToString(), data.ToString()});
    return FSRandomRWFileOwnerWrapper::Write(at, data, options, debug);
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    IOStatus status = owner_->Count("sync");
    if (status.ok()) owner_->Sync(*state_);
    return status;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override { return Sync(options, debug); }

 private:
  FaultFileSystem* owner_;
  std::shared_ptr<FaultFileSystem::File> state_;
};

class CountedFolder : public rocksdb::FSDirectory {
 public:
  explicit CountedFolder(FaultFileSystem* owner) : owner_(owner) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    IOStatus status = owner_->Count("sync of the folder");
    if (status.ok()) owner_->SyncFolder();
    return status;
  }

 private:
  FaultFileSystem* owner_;
};

}  // namespace

void FaultFileSystem::CutPowerAfter(uint64_t calls) {
  std::lock_guard lock(mutex_);
  cut_at_ = calls_ + calls;
  failed_.clear();
}

void FaultFileSystem::FailAfter(uint64_t calls) {
  std::lock_guard lock(mutex_);
  fail_at_ = calls_ + calls;
  failed_.clear();
}

uint64_t FaultFileSystem::calls() const {
  std::lock_guard lock(mutex_);
  return calls_;
}

uint64_t FaultFileSystem::reused() const {
  std::lock_guard lock(mutex_);
  return reused_;
}

std::string FaultFileSystem::failed() const {
  std::lock_guard lock(mutex_);
  return failed_;
}

IOStatus FaultFileSystem::Count(const std::string& what) {
  std::lock_guard lock(mutex_);
  const uint64_t call = calls_++;
  if (call < cut_at_ && call != fail_at_) return IOStatus::OK();
  if (failed_.empty()) failed_ = what;
  return IOStatus::IOError("injected", what);
}

void FaultFileSystem::Sync(File& file) {
  std::lock_guard lock(mutex_);
  file.synced = file.size;
  file.overwrites.clear();
}

void FaultFileSystem::Written(File& file, Overwrite write) {
  std::lock_guard lock(mutex_);
  file.size = std::max(file.size, write.offset + write.after.size());
  if (write.before.empty()) return;
  // The kernel writes things back after a while.
  if (file.overwrites.size() > 100) file.overwrites.erase(file.overwrites.begin(), file.overwrites.begin() + 50);
  file.overwrites.push_back(std::move(write));
}

void FaultFileSystem::Shortened(File& file, uint64_t size) {
  std::lock_guard lock(mutex_);
  file.size = std::min(file.size, size);
}

void FaultFileSystem::SyncFolder() {
  std::lock_guard lock(mutex_);
  changes_.clear();
}

std::string FaultFileSystem::ToTrash(const std::string& path) {
  if (!fs::exists(path)) return "";
  const std::string trash = trash_ + "/" + std::to_string(trashed_++);
  fs::create_hard_link(path, trash);
  return trash;
}

std::shared_ptr<FaultFileSystem::File> FaultFileSystem::Track(const std::string& path, uint64_t size, bool made) {
  std::lock_guard lock(mutex_);
  std::shared_ptr<File>& file = files_[path];
  if (made || file == nullptr) {
    file = std::make_shared<File>();
    file->synced = file->size = size;
  }
  return file;
}

IOStatus FaultFileSystem::NewSequentialFile(const std::string& path, const FileOptions& options,
                                            std::unique_ptr<rocksdb::FSSequentialFile>* file, IODebugContext* debug) {
  IOStatus status = Count("open " + path);
  if (status.ok()) status = FileSystemWrapper::NewSequentialFile(path, options, file, debug);
  if (status.ok()) *file = std::make_unique<CountedSequentialFile>(this, std::move(*file));
  return status;
}

IOStatus FaultFileSystem::NewRandomAccessFile(const std::string& path, const FileOptions& options,
                                              std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                              IODebugContext* debug) {
  IOStatus status = Count("open " + path);
  if (status.ok()) status = FileSystemWrapper::NewRandomAccessFile(path, options, file, debug);
  if (status.ok()) *file = std::make_unique<CountedRandomFile>(this, std::move(*file));
  return status;
}

IOStatus FaultFileSystem::NewWritableFile(const std::string& path, const FileOptions& options,
                                          std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
  if (fs::exists(path)) {
    IOStatus status = DeleteFile(path, {}, debug);
    if (!status.ok()) return status;
  }
  IOStatus status = Count("make " + path);
  if (status.ok()) status = FileSystemWrapper::NewWritableFile(path, ThroughTheCache(options), file, debug);
  if (!status.ok()) return status;
  *file = std::make_unique<CountedWritableFile>(this, path, Track(path, 0, /*made=*/true), 0, std::move(*file));
  std::lock_guard lock(mutex_);
  changes_.push_back({NameChange::kMade, path, "", "", nullptr});
  return status;
}

IOStatus FaultFileSystem::ReopenWritableFile(const std::string& path, const FileOptions& options,
                                             std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
  IOStatus status = Count("open " + path);
  if (status.ok()) status = FileSystemWrapper::ReopenWritableFile(path, options, file, debug);
  if (!status.ok()) return status;
  const uint64_t size = fs::file_size(path);
  *file = std::make_unique<CountedWritableFile>(this, path, Track(path, size, /*made=*/false), size, std::move(*file));
  return status;
}

IOStatus FaultFileSystem::ReuseWritableFile(const std::string& path, const std::string& old_path,
                                            const FileOptions& options, std::unique_ptr<rocksdb::FSWritableFile>* file,
                                            IODebugContext* debug) {
  IOStatus status = RenameFile(old_path, path, {}, debug);
  if (status.ok()) status = Count("open " + path);
  if (status.ok()) status = FileSystemWrapper::ReuseWritableFile(path, path, ThroughTheCache(options), file, debug);
  if (!status.ok()) return status;
  const uint64_t size = fs::file_size(path);
  *file = std::make_unique<CountedWritableFile>(this, path, Track(path, size, /*made=*/false), 0, std::move(*file));
  std::lock_guard lock(mutex_);
  ++reused_;
  return status;
}

IOStatus FaultFileSystem::NewRandomRWFile(const std::string& path, const FileOptions& options,
                                          std::unique_ptr<rocksdb::FSRandomRWFile>* file, IODebugContext* debug) {
  IOStatus status = Count("open " + path);
  if (status.ok()) status = FileSystemWrapper::NewRandomRWFile(path, options, file, debug);
  if (!status.ok()) return status;
  *file = std::make_unique<CountedOverwrittenFile>(this, Track(path, fs::file_size(path), /*made=*/false),
                                                   std::move(*file));
  return status;
}

IOStatus FaultFileSystem::NewDirectory(const std::string& path, const IOOptions& options,
                                       std::unique_ptr<rocksdb::FSDirectory>* folder, IODebugContext* debug) {
  IOStatus status = Count("open " + path);
  if (status.ok()) *folder = std::make_unique<CountedFolder>(this);
  return status;
}

IOStatus FaultFileSystem::RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                                     IODebugContext* debug) {
  IOStatus status = Count("rename " + from);
  if (!status.ok()) return status;
  std::lock_guard lock(mutex_);
  NameChange change{NameChange::kMoved, to, from, ToTrash(to), files_[to]};
  status = FileSystemWrapper::RenameFile(from, to, options, debug);
  if (!status.ok()) return status;
  files_[to] = files_[from];
  files_.erase(from);
  changes_.push_back(std::move(change));
  return status;
}

IOStatus FaultFileSystem::LinkFile(const std::string& from, const std::string& to, const IOOptions& options,
                                   IODebugContext* debug) {
  IOStatus status = Count("link " + from);
  if (status.ok()) status = FileSystemWrapper::LinkFile(from, to, options, debug);
  if (!status.ok()) return status;
  std::lock_guard lock(mutex_);
  files_[to] = files_[from];
  changes_.push_back({NameChange::kMade, to, "", "", nullptr});
  return status;
}

IOStatus FaultFileSystem::DeleteFile(const std::string& path, const IOOptions& options, IODebugContext* debug) {
  IOStatus status = Count("delete " + path);
  if (!status.ok()) return status;
  std::lock_guard lock(mutex_);
  NameChange change{NameChange::kDeleted, path, "", ToTrash(path), files_[path]};
  status = FileSystemWrapper::DeleteFile(path, options, debug);
  if (!status.ok()) return status;
  files_.erase(path);
  changes_.push_back(std::move(change));
  return status;
}

void FaultFileSystem::Undo(const NameChange& change) {
  if (change.kind == NameChange::kMoved) {
    fs::rename(change.path, change.from);
    files_[change.from] = files_[change.path];
  }
  if (change.kind == NameChange::kMade) fs::remove(change.path);
  files_.erase(change.path);
  if (change.trash.empty()) return;
  fs::rename(change.trash, change.path);
  files_[change.path] = change.displaced;
}

void FaultFileSystem::LoseOverwrites(const std::string& path, File& file, Random& random) {
  std::fstream stream(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto write = [&](uint64_t at, std::string_view bytes) {
    stream.seekp(static_cast<std::streamoff>(at)).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  };
  for (auto lost = file.overwrites.rbegin(); lost != file.overwrites.rend(); ++lost) write(lost->offset, lost->before);
  for (const Overwrite& kept : file.overwrites) {
    // All of it, nothing, or some sectors.
    const uint64_t chance = random.Below(3);
    const uint64_t end = kept.offset + kept.before.size();
    for (uint64_t at = kept.offset, next = 0; at < end; at = next) {
      next = std::min(end, (at / kSector + 1) * kSector);
      if (random.Below(2) < chance) write(at, std::string_view(kept.after).substr(at - kept.offset, next - at));
    }
  }
  file.overwrites.clear();
}

void FaultFileSystem::LoseBytes(const std::string& path, File& file, Random& random) {
  if (!file.overwrites.empty()) LoseOverwrites(path, file, random);
  if (file.size < file.synced) {
    if (random.OneIn(2)) file.size = file.synced;
    fs::resize_file(path, file.size);
    file.synced = file.size;
  }
  if (file.size <= file.synced) return;
  const uint64_t kept = random.OneIn(3) ? file.size : file.synced + random.Below(file.size - file.synced + 1);
  fs::resize_file(path, kept);
  // A sector that was not written yet, between others that were: in write-ahead logs, which are written in large
  // pieces.
  if (path.ends_with(".log") && kept > file.synced && random.OneIn(2)) {
    const uint64_t at = std::max(file.synced, (file.synced + random.Below(kept - file.synced)) / kSector * kSector);
    const std::string zeros(std::min(kSector, kept - at), '\0');
    std::fstream(path, std::ios::in | std::ios::out | std::ios::binary).seekp(at).write(zeros.data(), zeros.size());
  }
  file.size = file.synced = kept;
}

void FaultFileSystem::LoseUnsynced(Random& random) {
  std::lock_guard lock(mutex_);
  const size_t kept = random.OneIn(3) ? 0 : random.Below(changes_.size() + 1);
  while (changes_.size() > kept) {
    Undo(changes_.back());
    changes_.pop_back();
  }
  changes_.clear();
  for (const auto& [path, file] : files_) {
    if (file != nullptr && fs::exists(path)) LoseBytes(path, *file, random);
  }
  cut_at_ = fail_at_ = ~uint64_t{0};
}

}  // namespace tokenbroker::testing
