#include "server/broker/open_set.h"

#include <bit>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace tokenbroker::broker {
namespace {

constexpr uint64_t NumberOf(Sequence task) { return task >> 6; }
constexpr int BitOf(Sequence task) { return static_cast<int>(task & 63); }
constexpr uint64_t MaskOf(int bit) { return uint64_t{1} << bit; }

}  // namespace

OpenSet::~OpenSet() {
  for (auto& [number, block] : blocks_) std::free(block.tasks);
}

// How many tasks stand before `bit` in the block's array.
int OpenSet::Rank(uint64_t present, int bit) { return std::popcount(present & (MaskOf(bit) - 1)); }

OpenTask* OpenSet::Find(Sequence task) {
  auto found = blocks_.find(NumberOf(task));
  if (found == blocks_.end() || (found->second.present & MaskOf(BitOf(task))) == 0) return nullptr;
  return found->second.tasks + Rank(found->second.present, BitOf(task));
}

void OpenSet::Reserve(Block& block, int count, int capacity) {
  if (capacity == block.capacity) return;
  auto* tasks = static_cast<OpenTask*>(std::malloc(capacity * sizeof(OpenTask)));
  if (count > 0) std::memcpy(static_cast<void*>(tasks), block.tasks, count * sizeof(OpenTask));
  std::free(block.tasks);
  block.tasks = tasks;
  block.capacity = static_cast<uint8_t>(capacity);
}

OpenSet::Block& OpenSet::BlockFor(uint64_t number) {
  auto [at, added] = blocks_.try_emplace(number);
  if (added) numbers_.insert(numbers_.end(), number);
  return at->second;
}

OpenTask* OpenSet::Insert(Sequence task, const OpenTask& open) {
  const uint64_t number = NumberOf(task);
  Block& block = BlockFor(number);
  Touch(number, block);
  const int rank = Rank(block.present, BitOf(task));
  if ((block.present & MaskOf(BitOf(task))) == 0) {
    const int count = std::popcount(block.present);
    if (count == block.capacity) Reserve(block, count, count == 0 ? 4 : std::min(64, count * 2));
    std::memmove(static_cast<void*>(block.tasks + rank + 1), block.tasks + rank, (count - rank) * sizeof(OpenTask));
    block.present |= MaskOf(BitOf(task));
    ++size_;
  }
  block.tasks[rank] = open;
  return block.tasks + rank;
}

bool OpenSet::Erase(Sequence task) {
  auto found = blocks_.find(NumberOf(task));
  if (found == blocks_.end() || (found->second.present & MaskOf(BitOf(task))) == 0) return false;
  Block& block = found->second;
  Touch(found->first, block);
  const int rank = Rank(block.present, BitOf(task));
  const int count = std::popcount(block.present) - 1;
  std::memmove(static_cast<void*>(block.tasks + rank), block.tasks + rank + 1, (count - rank) * sizeof(OpenTask));
  block.present &= ~MaskOf(BitOf(task));
  --size_;
  if (count == 0) {
    std::free(block.tasks);
    numbers_.erase(found->first);
    blocks_.erase(found);
  } else if (count * 4 <= block.capacity) {
    Reserve(block, count, count * 2);
  }
  return true;
}

void OpenSet::Touch(uint64_t number, Block& block) {
  if (block.dirty) return;
  block.dirty = true;
  dirty_.push_back(number);
}

void OpenSet::MarkBlockDirty(uint64_t number) {
  auto found = blocks_.find(number);
  if (found != blocks_.end()) return Touch(number, found->second);
  dirty_.push_back(number);
}

void OpenSet::VisitFrom(Sequence from, absl::FunctionRef<bool(Sequence, OpenTask&)> visit) {
  for (auto number = numbers_.lower_bound(NumberOf(from)); number != numbers_.end(); ++number) {
    const Block& block = blocks_.find(*number)->second;
    OpenTask* task = block.tasks;
    for (uint64_t rest = block.present; rest != 0; rest &= rest - 1, ++task) {
      const Sequence sequence = (*number << 6) | std::countr_zero(rest);
      if (sequence >= from && !visit(sequence, *task)) return;
    }
  }
}

Sequence OpenSet::oldest() const {
  if (numbers_.empty()) return 0;
  const uint64_t number = *numbers_.begin();
  return (number << 6) | std::countr_zero(blocks_.find(number)->second.present);
}

std::vector<uint64_t> OpenSet::TakeDirtyBlocks() {
  for (uint64_t number : dirty_) {
    auto found = blocks_.find(number);
    if (found != blocks_.end()) found->second.dirty = false;
  }
  std::vector<uint64_t> taken;
  taken.swap(dirty_);
  return taken;
}

// A block's bytes: the bitmap, 8 bytes, then 24 bytes a task, all little endian.
storage::OpenBlock OpenSet::Pack(uint64_t number) const {
  storage::OpenBlock packed{number, {}};
  auto found = blocks_.find(number);
  if (found == blocks_.end()) return packed;
  const Block& block = found->second;
  const size_t size = std::popcount(block.present) * sizeof(OpenTask);
  packed.bytes.resize(8 + size);
  std::memcpy(packed.bytes.data(), &block.present, 8);
  std::memcpy(packed.bytes.data() + 8, block.tasks, size);
  return packed;
}

absl::Status OpenSet::Load(uint64_t number, std::string_view bytes) {
  uint64_t present = 0;
  if (bytes.size() >= 8) std::memcpy(&present, bytes.data(), 8);
  const int count = std::popcount(present);
  if (count == 0 || bytes.size() != 8 + count * sizeof(OpenTask)) {
    return absl::DataLossError(
        absl::StrCat("block ", number, " of the open set has ", bytes.size(), " bytes for ", count, " tasks"));
  }
  Block& block = BlockFor(number);
  size_ += count - std::popcount(block.present);
  Reserve(block, 0, count);
  std::memcpy(static_cast<void*>(block.tasks), bytes.data() + 8, count * sizeof(OpenTask));
  block.present = present;
  return absl::OkStatus();
}

}  // namespace tokenbroker::broker
