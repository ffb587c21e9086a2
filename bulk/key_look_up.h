// Which tasks the rows of a batch mean that name theirs by key. A row is sent to the task that had the key when the row
// was first read, so that a newer task under the same key is never settled by an old row; see journal.h.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "bulk/journal.h"
#include "tokenbroker/v1/resolver_service.pb.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::bulk {

// Ask and take until done; then sync the journal, which must outlive the look-up, and send the rows.
class KeyLookUp {
 public:
  explicit KeyLookUp(Journal& journal) : journal_(journal) {}

  // `settlement` is the row at `line`, and must outlive the look-up. Left as it is unless it names its task by key;
  // sent to the task of an earlier run if the journal knows it.
  void Add(uint64_t line, v1::Settlement& settlement);

  bool done() const { return open_.empty(); }
  // Asks for the first of what is not known yet.
  v1::BatchGetTasksRequest Question(size_t most = std::numeric_limits<int>::max()) const;
  // Takes what the broker said to the last question, item by item. A row whose key leads to no task keeps its key. One
  // that was refused for another reason, such as overload, is still to be asked for: the last such refusal is returned.
  std::optional<v1::ItemError> Take(const v1::BatchGetTasksResponse& answer);

 private:
  struct Row {
    uint64_t line;
    v1::TaskRef* task;
  };

  Journal& journal_;
  std::vector<Row> open_;
};

}  // namespace tokenbroker::bulk
