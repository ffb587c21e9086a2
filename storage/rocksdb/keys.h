// Keys on disk. Numbers are big endian, so that the order of bytes is the order of numbers, shard by shard.
//
//   log, open   shard 1 | number 8
//   index       shard 1 | hi 8 | lo 8
//   held        shard 1 | 't' | record 8                        a copy
//               shard 1 | 'r' | ended_at 8 | record 8           a release
//   meta        'F' format, 'I' identity
//               'f' | shard 1                                   floor
//               'h' | shard 1                                   head of the last checkpoint
//               'c' | shard 1                                   number of the last change of derived data
//               'm' | shard 1 | sequence 8                      mark
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "rocksdb/slice.h"
#include "storage/token_store.h"
#include "storage/wire.h"

namespace tokenbroker::storage {

// A key of at most N bytes, without allocation.
template <size_t N>
class KeyBuffer {
 public:
  KeyBuffer& Byte(uint8_t value) {
    bytes_[size_++] = static_cast<char>(value);
    return *this;
  }
  KeyBuffer& Number(uint64_t value) {
    PutBig64(bytes_.data() + size_, value);
    size_ += 8;
    return *this;
  }
  operator rocksdb::Slice() const { return {bytes_.data(), size_}; }
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, N> bytes_;
  size_t size_ = 0;
};

using Key = KeyBuffer<18>;

inline constexpr size_t kNumberKeySize = 9;
inline constexpr size_t kIndexKeySize = 17;
inline constexpr size_t kHeldKeySize = 10;
inline constexpr size_t kReleaseKeySize = 18;
inline constexpr size_t kMarkKeySize = 10;

inline Key NumberKey(ShardId shard, uint64_t number) { return Key().Byte(shard).Number(number); }
inline Key IndexRowKey(ShardId shard, const IndexKey& key) { return Key().Byte(shard).Number(key.hi).Number(key.lo); }
inline Key HeldKey(ShardId shard, Sequence record) { return Key().Byte(shard).Byte('t').Number(record); }
inline Key ReleaseKey(ShardId shard, const Release& release) {
  return Key().Byte(shard).Byte('r').Number(release.ended_at).Number(release.record);
}
inline Key FormatKey() { return Key().Byte('F'); }
inline Key IdentityKey() { return Key().Byte('I'); }
inline Key FloorKey(ShardId shard) { return Key().Byte('f').Byte(shard); }
inline Key HeadKey(ShardId shard) { return Key().Byte('h').Byte(shard); }
inline Key ChangeKey(ShardId shard) { return Key().Byte('c').Byte(shard); }
inline Key MarkKey(ShardId shard, Sequence sequence) { return Key().Byte('m').Byte(shard).Number(sequence); }

// The number in the last 8 bytes of a key that is known to have them.
inline uint64_t LastNumber(const rocksdb::Slice& key) { return GetBig64(key.data() + key.size() - 8); }

inline std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }
inline rocksdb::Slice ToSlice(std::string_view view) { return {view.data(), view.size()}; }

}  // namespace tokenbroker::storage
