// Objects that lie in a call's arena, whose memory the next call uses again: allocating a batch's operations anew costs
// more than filling them in.
#pragma once

#include <google/protobuf/arena.h>

#include <cstddef>
#include <memory>

namespace tokenbroker::calls {

template <typename T>
class ArenaArray {
 public:
  ArenaArray() = default;
  ~ArenaArray() { std::destroy_n(data_, size_); }
  ArenaArray(const ArenaArray&) = delete;
  ArenaArray& operator=(const ArenaArray&) = delete;

  // To be called once at most. The arena must outlive the array.
  void Make(google::protobuf::Arena& arena, size_t size) {
    static_assert(alignof(T) <= alignof(uint64_t));
    char* const memory = reinterpret_cast<char*>(
        google::protobuf::Arena::CreateArray<uint64_t>(&arena, (size * sizeof(T) + 7) / sizeof(uint64_t)));
    data_ = reinterpret_cast<T*>(memory);
    std::uninitialized_default_construct_n(data_, size);
    size_ = size;
  }

  size_t size() const { return size_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }

 private:
  T* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace tokenbroker::calls
