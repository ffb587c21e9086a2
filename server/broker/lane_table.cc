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
  auto [at, added] = targets_.try_emplace(std::string(name), static_cast<uint32_t>(target_names_.size()));
  if (added) target_names_.push_back(at->first);
  return at->second;
}

}  // namespace tokenbroker::broker
