// A lane: the tasks of one namespace whose outcomes go to one target, or to none. Lanes get small numbers, so that a
// waiting task can name its namespace and its target in 19 bits. The table only grows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace tokenbroker::broker {

class LaneTable {
 public:
  struct Lane {
    uint32_t name_space = 0;  // index into the table of namespaces
    uint32_t target = 0;      // index into `target_names`; 0: none
  };

  static constexpr uint32_t kNone = UINT32_MAX;
  // As many as 19 bits can name.
  static constexpr uint32_t kMax = 1 << 19;

  // kNone if there is no such lane yet.
  uint32_t Find(uint32_t name_space, std::string_view target) const;
  // There must be room for one more.
  uint32_t Intern(uint32_t name_space, std::string_view target);

  // kNone if no task was ever issued for it.
  uint32_t FindTarget(std::string_view name) const;
  uint32_t InternTarget(std::string_view name);

  const Lane& operator[](uint32_t number) const { return lanes_[number]; }
  const std::string& TargetOf(uint32_t lane) const { return target_names_[lanes_[lane].target]; }
  const std::string& TargetName(uint32_t target) const { return target_names_[target]; }
  size_t size() const { return lanes_.size(); }
  bool full() const { return lanes_.size() >= kMax; }
  size_t targets() const { return target_names_.size(); }

 private:
  std::vector<Lane> lanes_;
  std::vector<std::string> target_names_{""};
  absl::flat_hash_map<std::pair<uint32_t, uint32_t>, uint32_t> numbers_;
  absl::flat_hash_map<std::string, uint32_t> targets_{{"", 0}};
};

}  // namespace tokenbroker::broker
