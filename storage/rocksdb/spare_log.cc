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
  // A log that ends soon after it began is not worth a spare.
  if (bytes < bytes_max_ / 4) return;
  const uint64_t wanted = std::min(bytes, bytes_max_) / piece_ * piece_;
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

// Nobody reads the zeros: in the kernel's cache they would only cost time.
void SpareLog::Grow() {
  if (file_ != nullptr) {
    failed_ = !Add(piece_);
  } else {
    past_the_cache_ = Begin(/*past_the_cache=*/true);
    failed_ = !past_the_cache_ && !Begin(/*past_the_cache=*/false);
  }
  if (failed_) Remove();
}

// Not every file system can be written past the cache, or in such small pages: the first one shows it.
bool SpareLog::Begin(bool past_the_cache) {
  rocksdb::FileOptions options;
  options.use_direct_writes = past_the_cache;
  if (!disk_->NewWritableFile(path_, options, &file_, nullptr).ok()) return false;
  if (past_the_cache && kDiskPage % file_->GetRequiredBufferAlignment() != 0) return false;
  return Add(kDiskPage);
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

std::unique_ptr<rocksdb::FSWritableFile> SpareLog::Take(const std::string& path, rocksdb::FileOptions options) {
  std::lock_guard lock(mutex_);
  wanted_.store(0);
  failed_ = false;
  if (file_ == nullptr) return nullptr;
  const bool closed = file_->Close({}, nullptr).ok();
  file_.reset();
  std::unique_ptr<rocksdb::FSWritableFile> log;
  options.use_direct_writes = past_the_cache_;
  if (!closed || !disk_->ReuseWritableFile(path, path_, options, &log, nullptr).ok()) {
    Remove();
    return nullptr;
  }
  ready_ = 0;
  return log;
}

}  // namespace tokenbroker::storage
