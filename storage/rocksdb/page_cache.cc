#include "storage/rocksdb/page_cache.h"

#include <utility>

#include "base/status_macros.h"

namespace tokenbroker::storage {

absl::StatusOr<KeptPagePtr> KeptPage::Decode(ShardId shard, Sequence first, std::string_view bytes) {
  auto kept = std::make_shared<KeptPage>();
  kept->shard_ = shard;
  kept->bytes_ = bytes;
  TB_ASSIGN_OR_RETURN(kept->page_, Page::Decode(shard, first, kept->bytes_));
  return kept;
}

KeptPagePtr PageCache::Find(ShardId shard, Sequence sequence) const {
  std::lock_guard<std::mutex> lock(mutex_);
  for (const KeptPagePtr& page : pages_) {
    if (page != nullptr && page->Covers(shard, sequence)) return page;
  }
  return nullptr;
}

void PageCache::Add(KeptPagePtr page) {
  if (page->page().records().size() == 1) return;
  std::lock_guard<std::mutex> lock(mutex_);
  pages_[next_].swap(page);
  next_ = (next_ + 1) % kPages;
}

}  // namespace tokenbroker::storage
