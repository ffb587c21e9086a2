#include "server/aws/operations.h"

#include <cstdlib>

namespace tokenbroker::aws {
namespace {

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

void OperationTable::Add(std::string_view name, Handler handler) {
  if (!handlers_.emplace(View(name), std::move(handler)).second) std::abort();
}

OperationTable::Operation OperationTable::Find(std::string_view name) const {
  const auto found = handlers_.find(View(name));
  if (found == handlers_.end()) return {};
  return {{found->first.data(), found->first.size()}, &found->second};
}

std::vector<std::string> OperationTable::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, handler] : handlers_) names.emplace_back(name);
  return names;
}

}  // namespace tokenbroker::aws
