// Stores to measure against: in memory, or in a folder that goes with them. The folder is made below $TMPDIR, which
// must be on the disk that is to be measured.
#pragma once

#include <memory>
#include <string>

#include "storage/token_store.h"

namespace tokenbroker::benchmarks {

enum class StoreKind { kMemory = 0, kRocksDb = 1, kRocksDbNoSync = 2 };

class TempStore {
 public:
  explicit TempStore(StoreKind kind);
  ~TempStore();
  storage::TokenStore& operator*() { return *store_; }
  storage::TokenStore* operator->() { return store_.get(); }

 private:
  std::string folder_;
  std::unique_ptr<storage::TokenStore> store_;
};

}  // namespace tokenbroker::benchmarks
