#include "server/pages/sight.h"

#include <algorithm>

namespace tokenbroker::pages {
namespace {

bool Contains(const auto& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// Both the task's contract and the token's limits may name errors. False if no error is left.
bool SetErrors(const broker::TaskRecord& record, const token::Limits& limits, std::vector<std::string_view>& errors) {
  errors = record.issued.allowed_errors;
  const auto limited = limits.errors();
  if (!limited.has_value()) return true;
  if (errors.empty()) {
    errors = *limited;
  } else {
    std::erase_if(errors, [&](std::string_view error) { return !Contains(*limited, error); });
  }
  return !errors.empty();
}

}  // namespace

std::string_view LabelOf(const broker::TaskRecord& record, std::string_view name) {
  for (const auto& [key, value] : record.issued.labels) {
    if (key == name) return value;
  }
  return {};
}

Sight SightOf(const broker::TaskRecord& record, const token::Limits& limits,
              const std::vector<std::string>& input_namespaces, TimeMs now) {
  Sight sight{record, now};
  const token::Actions actions = limits.actions();
  const bool waits = record.state == broker::TaskState::kWaiting;
  const bool some_error = SetErrors(record, limits, sight.errors);
  sight.may_succeed = waits && (actions & token::kSucceed);
  sight.may_fail = waits && (actions & token::kFail) && some_error;
  sight.may_beat = waits && (actions & token::kHeartbeat) && record.issued.heartbeat_timeout != 0;
  if (limits.before() < record.deadline / 1000) sight.url_ends = limits.before() * 1000;
  const bool reads = actions & token::kRead;
  const bool open_namespace = Contains(input_namespaces, "*") || Contains(input_namespaces, record.issued.name_space);
  sight.shows_input = reads && (open_namespace || LabelOf(record, kShowInputLabel) == "true");
  sight.shows_output = reads;
  return sight;
}

}  // namespace tokenbroker::pages
