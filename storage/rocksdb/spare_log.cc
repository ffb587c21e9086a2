#include "storage/rocksdb/spare_log.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/thread.h"

namespace tokenbroker::storage {
namespace {

// Short enough that a commit, which waits for the same disk, hardly notices.
constexpr size_t kLongestPiece = 256 << 10;

const char* Zeros() {
  static const char* const zeros = [] {
    void* const memory = std::aligned_alloc(kDiskPage, kLongestPiece);
    return static_cast<char*>(std::memset(memory, 0, kLongestPiece));
  }();
  return zeros;
}

}  // namespace

SpareLog::SpareLog(std::shared_ptr<rocksdb::FileSystem> disk, std::string folder, uint64_t bytes_max)
    : disk_(std::move(disk)),
      path_(std::move(folder) + "/log" + kSpareSuffix),
      bytes_max_(bytes_max),
      piece_(std::clamp<uint64_t>(bytes_max / 256 / kDiskPage * kDiskPage, kDiskPage, kLongestPiece)),
      thread_([this] { Run(); }) {}

SpareLog::~SpareLog() {
  stop_.store(true);
  Wake();
  thread_.join();
  if (file_ != nullptr) Remove();
}

void SpareLog::Follow(uint64_t bytes) {
  // A log that ends soon after it began is not worth a spare. One that does not is a quarter behind, and is caught up.
  const uint64_t quarter = bytes_max_ / 4;
  if (bytes < quarter) return;
  const uint64_t wanted = std::min((bytes - quarter) * 3 / 2, bytes_max_) / piece_ * piece_;
  if (wanted <= wanted_.load(std::memory_order_relaxed)) return;
  wanted_.store(wanted);
  Wake();
}

void SpareLog::Wake() {
  changes_.fetch_add(1);
  changes_.notify_one();
}

void SpareLog::Run() {
  NameThisThread("spare-log");
  // Read before all that is looked at: what changes behind that ends the sleep.
  for (int changes = changes_.load(); !stop_.load(); changes = changes_.load()) {
    std::unique_lock lock(mutex_);
    if (!failed_ && ready_ < wanted_.load()) {
      Grow();
    } else {
      lock.unlock();
      changes_.wait(changes);
    }
  }
}

void SpareLog::Grow() {
  failed_ = file_ == nullptr ? !Begin() : !Add(piece_);
  if (failed_) Remove();
}

// Nobody reads the zeros: in the kernel's cache they would only cost time. Not every file system can be written past
// it, or in such small pages: the first one shows it.
bool SpareLog::Begin() {
  rocksdb::FileOptions options;
  options.use_direct_writes = true;
  if (!disk_->NewWritableFile(path_, options, &file_, nullptr).ok()) return false;
  return kDiskPage % file_->GetRequiredBufferAlignment() == 0 && Add(kDiskPage);
}

bool SpareLog::Add(size_t bytes) {
  if (!file_->Append({Zeros(), bytes}, {}, nullptr).ok()) return false;
  ready_ += bytes;
  return true;
}

void SpareLog::Remove() {
  file_.reset();
  ready_ = 0;
  disk_->DeleteFile(path_, {}, nullptr).PermitUncheckedError();
}

// All writers wait here, so what is left to be made is not waited for.
std::unique_ptr<rocksdb::FSWritableFile> SpareLog::Take(const std::string& path, rocksdb::FileOptions options,
                                                        uint64_t& zeros) {
  wanted_.store(0);
  std::lock_guard lock(mutex_);
  failed_ = false;
  if (file_ == nullptr) return nullptr;
  zeros = ready_;
  options.use_direct_writes = true;
  std::unique_ptr<rocksdb::FSWritableFile> log;
  rocksdb::IOStatus status = file_->Close({}, nullptr);
  file_.reset();
  if (status.ok()) status = disk_->ReuseWritableFile(path, path_, options, &log, nullptr);
  // Not only the data: ext4 without a journal does not take the length of what was written past the cache for data.
  if (status.ok()) status = log->Fsync({}, nullptr);
  if (!status.ok()) {
    Remove();
    return nullptr;
  }
  ready_ = 0;
  return log;
}

}  // namespace tokenbroker::storage
