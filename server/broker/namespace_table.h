// Namespaces get small numbers, by which lanes (lane_table.h) and parked outcomes name them. The table only grows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace tokenbroker::broker {

class NamespaceTable {
 public:
  struct Entry {
    std::string name;
    uint64_t open = 0;    // waiting tasks
    uint64_t parked = 0;  // parked outcomes
  };

  static constexpr uint32_t kNone = UINT32_MAX;

  uint32_t Find(std::string_view name) const {
    auto found = numbers_.find(absl::string_view(name.data(), name.size()));
    return found == numbers_.end() ? kNone : found->second;
  }
  uint32_t Intern(std::string_view name) {
    if (const uint32_t known = Find(name); known != kNone) return known;
    entries_.push_back({std::string(name)});
    return numbers_[entries_.back().name] = static_cast<uint32_t>(entries_.size() - 1);
  }
  Entry& operator[](uint32_t number) { return entries_[number]; }
  const Entry& operator[](uint32_t number) const { return entries_[number]; }
  size_t size() const { return entries_.size(); }

 private:
  std::vector<Entry> entries_;
  absl::flat_hash_map<std::string, uint32_t> numbers_;
};

}  // namespace tokenbroker::broker
