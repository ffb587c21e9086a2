// Batches of issues as bytes. Client and server share the machine, so that whatever the load does is missing from what
// is measured: objects for a hundred items, made and read for each call, cost the client more than everything else.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/requests.h"

namespace tokenbroker::benchmarks {

// The bytes of a BatchIssueTasksRequest.
class IssueBatch {
 public:
  // Makes so many issues; `adapt`, if it is not empty, may change each.
  void Build(int items, const std::function<void(v1::IssueTaskRequest&)>& adapt);
  // Gives each issue another request id. The rest stays.
  void Renew();

  int items() const { return static_cast<int>(id_ends_.size()); }
  std::string_view bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::vector<size_t> id_ends_;
};

inline std::string_view MessageOf(const IssueBatch& batch) { return batch.bytes(); }

// Visits the tokens of a BatchIssueTasksResponse and returns how many there are. 0 if the bytes are none, or an item
// was refused, or `visit` returned false.
size_t VisitTokens(std::string_view response, const std::function<bool(std::string_view)>& visit);

}  // namespace tokenbroker::benchmarks
