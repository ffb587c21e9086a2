#include "storage/rocksdb/index_filter.h"

#include <string>
#include <utility>

#include "storage/rocksdb/keys.h"

namespace tokenbroker::storage {
namespace {

class IndexFilter : public rocksdb::CompactionFilter {
 public:
  explicit IndexFilter(std::shared_ptr<const Floors> floors) : floors_(std::move(floors)) {}

  const char* Name() const override { return "tokenbroker.IndexFilter"; }

  bool Filter(int level, const rocksdb::Slice& key, const rocksdb::Slice& value, std::string* new_value,
              bool* value_changed) const override {
    // What is not a row of ours is not ours to forget; reading it will say that it is damaged.
    if (key.size() != kIndexKeySize || value.size() != sizeof(Sequence)) return false;
    const uint64_t row = GetBig64(value.data());
    if ((row & kHeldFlag) != 0) return false;
    return row < (*floors_)[static_cast<uint8_t>(key[0])].load(std::memory_order_relaxed);
  }

 private:
  std::shared_ptr<const Floors> floors_;
};

class IndexFilterFactory : public rocksdb::CompactionFilterFactory {
 public:
  explicit IndexFilterFactory(std::shared_ptr<const Floors> floors) : floors_(std::move(floors)) {}

  const char* Name() const override { return "tokenbroker.IndexFilterFactory"; }

  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context& context) override {
    return std::make_unique<IndexFilter>(floors_);
  }

 private:
  std::shared_ptr<const Floors> floors_;
};

}  // namespace

std::shared_ptr<rocksdb::CompactionFilterFactory> MakeIndexFilter(std::shared_ptr<const Floors> floors) {
  return std::make_shared<IndexFilterFactory>(std::move(floors));
}

}  // namespace tokenbroker::storage
