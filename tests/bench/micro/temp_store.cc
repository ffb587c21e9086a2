#include "tests/bench/micro/temp_store.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "storage/memory/memory_store.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace tokenbroker::benchmarks {
namespace {

std::string MakeFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tokenbroker-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a folder like " + pattern);
  return pattern;
}

}  // namespace

TempStore::TempStore(StoreKind kind) {
  if (kind == StoreKind::kMemory) {
    store_ = std::make_unique<storage::MemoryStore>();
    return;
  }
  folder_ = MakeFolder();
  storage::RocksDbOptions options;
  options.path = folder_ + "/data";
  options.sync_writes = kind == StoreKind::kRocksDb;
  absl::StatusOr<std::unique_ptr<storage::TokenStore>> store = storage::OpenRocksDbStore(options);
  if (!store.ok()) throw std::runtime_error(store.status().ToString());
  store_ = *std::move(store);
}

TempStore::~TempStore() {
  store_ = nullptr;
  if (!folder_.empty()) std::filesystem::remove_all(folder_);
}

}  // namespace tokenbroker::benchmarks
