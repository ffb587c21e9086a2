// A file system of a given size, to be filled up.
#pragma once

#include <cstdint>
#include <string>

namespace tokenbroker::testing {

inline constexpr uint64_t kMiB = 1 << 20;

class SmallDisk {
 public:
  // Made over this folder, if that is allowed: only root may.
  SmallDisk(std::string folder, uint64_t mebibytes);
  // Whoever uses it must have ended.
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  // Leaves this much room.
  void FillUp(uint64_t rest_bytes) const;
  void MakeRoom() const;

 private:
  uint64_t FreeBytes() const;
  std::string Ballast() const { return folder_ + "/ballast"; }

  const std::string folder_;
  bool mounted_ = false;
};

}  // namespace tokenbroker::testing
