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

}  // namespace tokenbroker::aws
