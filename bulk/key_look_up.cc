#include "bulk/key_look_up.h"

#include <algorithm>
#include <string>
#include <utility>

namespace tokenbroker::bulk {
namespace {

v1::TaskRef& TaskOf(v1::Settlement& settlement) {
  return settlement.has_fail() ? *settlement.mutable_fail()->mutable_task()
                               : *settlement.mutable_succeed()->mutable_task();
}

// The outcome is then parked under the key, or refused for the same reason. Any other refusal says nothing of the key.
bool LeadsToNoTask(v1::ErrorReason reason) {
  return reason == v1::ERROR_REASON_TASK_UNKNOWN || reason == v1::ERROR_REASON_PERMISSION_DENIED ||
         reason == v1::ERROR_REASON_INVALID_FIELD;
}

}  // namespace

void KeyLookUp::Add(uint64_t line, v1::Settlement& settlement) {
  v1::TaskRef& task = TaskOf(settlement);
  if (!task.has_key()) return;
  if (std::string id = journal_.TaskOf(line); !id.empty()) {
    task.set_task_id(std::move(id));
  } else {
    open_.push_back({line, &task});
  }
}

v1::BatchGetTasksRequest KeyLookUp::Question(size_t most) const {
  v1::BatchGetTasksRequest question;
  for (size_t i = 0; i < std::min(most, open_.size()); ++i) *question.add_tasks() = *open_[i].task;
  return question;
}

std::optional<v1::ItemError> KeyLookUp::Take(const v1::BatchGetTasksResponse& answer) {
  std::optional<v1::ItemError> again;
  std::vector<Row> open;
  for (int i = 0; i < answer.items_size(); ++i) {
    const Row& row = open_[i];
    if (const std::string& id = answer.items(i).task().task_id(); !id.empty()) {
      row.task->set_task_id(id);
      journal_.AddTask(row.line, id);
    } else if (!LeadsToNoTask(answer.items(i).error().reason())) {
      again = answer.items(i).error();
      open.push_back(row);
    }
  }
  open.insert(open.end(), open_.begin() + answer.items_size(), open_.end());
  open_ = std::move(open);
  return again;
}

}  // namespace tokenbroker::bulk
