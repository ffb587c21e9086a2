// What can be called: one table of (operation, handler). Whoever has operations adds them; the door knows none by
// itself.
//
//   OperationTable operations;
//   AddTaskOperations(calls, operations);
//   operations.Add("CreateActivity", [&engine](ExchangePtr exchange) { engine.CreateActivity(std::move(exchange)); });
//   const Door door(calls, keys, std::move(operations));
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/aws/exchange.h"

namespace tokenbroker::aws {

// Runs on the call's home: must not block. The caller is known and may call; what it may do is for the operation to
// judge.
using Handler = std::function<void(ExchangePtr exchange)>;

class OperationTable {
 public:
  // `name` as in X-Amz-Target, without "AWSStepFunctions."; a literal, not there yet.
  void Add(std::string_view name, Handler handler);

  struct Operation {
    // Empty: there is none.
    std::string_view name;
    const Handler* handler = nullptr;
  };
  Operation Find(std::string_view name) const;
  std::vector<std::string> Names() const;

 private:
  absl::flat_hash_map<absl::string_view, Handler> handlers_;
};

}  // namespace tokenbroker::aws
