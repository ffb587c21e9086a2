// What a visitor of a callback URL may see of its task, and may do. Everything that the page and its JSON form show
// goes through here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "server/broker/task_record.h"
#include "token/limits.h"

namespace tokenbroker::pages {

// Labels of a task that are for the page. They are not shown.
inline constexpr std::string_view kPageLabels = "tokenbroker/";
// "true": the input may be shown to whoever holds a token that may read.
inline constexpr std::string_view kShowInputLabel = "tokenbroker/show-input";
// What is written on the buttons.
inline constexpr std::string_view kSucceedLabel = "tokenbroker/succeed-button";
inline constexpr std::string_view kFailLabel = "tokenbroker/fail-button";

struct Sight {
  const broker::TaskRecord& record;
  TimeMs now = 0;
  // What can be done now, through this URL.
  bool may_succeed = false;
  bool may_fail = false;
  bool may_beat = false;
  // The errors that a failure may carry; empty: any.
  std::vector<std::string_view> errors;
  // When the URL stops working, if that is before the task's deadline; 0: not.
  TimeMs url_ends = 0;
  bool shows_input = false;
  bool shows_output = false;
};

// `input_namespaces`: where every input may be shown; "*" is all.
Sight SightOf(const broker::TaskRecord& record, const token::Limits& limits,
              const std::vector<std::string>& input_namespaces, TimeMs now);

// The label's value; empty if there is none.
std::string_view LabelOf(const broker::TaskRecord& record, std::string_view name);

}  // namespace tokenbroker::pages
