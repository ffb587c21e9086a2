// Where a call and its messages live. As long as they are small, they are one piece of memory with whoever holds this:
// allocating one after the other costs a settlement more than reading it does.
#pragma once

#include <google/protobuf/arena.h>

#include <array>
#include <cstddef>

namespace tokenbroker::calls {

class CallArena {
 public:
  google::protobuf::Arena& get() { return arena_; }

 private:
  // Enough for a settlement.
  static constexpr size_t kFirstBlock = 1024;

  google::protobuf::ArenaOptions Options() {
    google::protobuf::ArenaOptions options;
    options.initial_block = first_.data();
    options.initial_block_size = first_.size();
    return options;
  }

  alignas(std::max_align_t) std::array<char, kFirstBlock> first_;
  google::protobuf::Arena arena_{Options()};
};

}  // namespace tokenbroker::calls
