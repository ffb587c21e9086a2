// The pages of the log that were read last. Whoever reads a record mostly reads its neighbours next, and a page costs
// as much to fetch and to check as all of its records.
//
// Pages never change, so nothing here is ever out of date. Bounded by kPages of kPageBytes.
//
// Thread-safe.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "storage/rocksdb/page.h"
#include "storage/token_store.h"

namespace tokenbroker::storage {

// A page with its bytes.
class KeptPage {
 public:
  // DATA_LOSS as Page::Decode says.
  static absl::StatusOr<std::shared_ptr<const KeptPage>> Decode(ShardId shard, Sequence first, std::string_view bytes);

  const Page& page() const { return page_; }
  bool Covers(ShardId shard, Sequence sequence) const {
    return shard == shard_ && page_.first() <= sequence && sequence <= page_.last();
  }

 private:
  ShardId shard_ = 0;
  std::string bytes_;
  Page page_;
};

// Shared with whoever reads a page while it is pushed out.
using KeptPagePtr = std::shared_ptr<const KeptPage>;

class PageCache {
 public:
  static constexpr size_t kPages = 64;

  // Null if it is not here.
  KeptPagePtr Find(ShardId shard, Sequence sequence) const;
  // In the place of the oldest. A page of one record is not kept: it has nothing for anybody else, and may be large.
  void Add(KeptPagePtr page);

 private:
  mutable std::mutex mutex_;
  std::array<KeptPagePtr, kPages> pages_;  // guarded by mutex_
  size_t next_ = 0;                        // guarded by mutex_
};

}  // namespace tokenbroker::storage
