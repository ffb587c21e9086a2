#include "server/broker/lane_table.h"

namespace tokenbroker::broker {

uint32_t LaneTable::Find(uint32_t name_space, std::string_view target) const {
  const uint32_t target_number = FindTarget(target);
  if (target_number == kNone) return kNone;
  auto found = numbers_.find({name_space, target_number});
  return found == numbers_.end() ? kNone : found->second;
}

uint32_t LaneTable::Intern(uint32_t name_space, std::string_view target) {
  const uint32_t target_number = InternTarget(target);
  auto [at, added] = numbers_.try_emplace({name_space, target_number}, static_cast<uint32_t>(lanes_.size()));
  if (added) lanes_.push_back({name_space, target_number});
  return at->second;
}

uint32_t LaneTable::FindTarget(std::string_view name) const {
  auto found = targets_.find(absl::string_view(name.data(), name.size()));
  return found == targets_.end() ? kNone : found->second;
}

uint32_t LaneTable::InternTarget(std::string_view name) {
  if (const uint32_t known = FindTarget(name); known != kNone) return known;
  target_names_.emplace_back(name);
  return targets_[target_names_.back()] = static_cast<uint32_t>(target_names_.size() - 1);
}

}  // namespace tokenbroker::broker
