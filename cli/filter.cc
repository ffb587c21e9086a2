#include "cli/filter.h"

#include <algorithm>
#include <cctype>

#include "base/shown_word.h"
#include "base/status_macros.h"
#include "cli/time_text.h"

namespace tokenbroker::cli {
namespace {

absl::StatusOr<v1::TaskState> ParseState(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  v1::TaskState state;
  if (v1::TaskState_Parse("TASK_STATE_" + text, &state) && state != v1::TASK_STATE_UNSPECIFIED) return state;
  return absl::InvalidArgumentError(
      Shown(text) + " is no state; states are waiting, succeeded, failed, expired, cancelled, superseded");
}

}  // namespace

void AddFilter(CLI::App* command, FilterFlags& flags) {
  command->add_option("--state", flags.states, "Only these states; may be repeated or separated by commas")
      ->type_name("waiting|succeeded|failed|expired|cancelled|superseded")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--label,-l", flags.labels, "Only with this label, as name=value; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--key-prefix", flags.key_prefix, "Only correlation keys that begin so");
  command->add_option("--target", flags.target, "Only for this target");
  command->add_option("--min-age", flags.min_age, "Issued at least this long ago, as in 1h");
  command->add_option("--max-age", flags.max_age, "Issued at most this long ago, as in 7d");
}

absl::StatusOr<v1::TaskFilter> MakeFilter(const FilterFlags& flags) {
  v1::TaskFilter filter;
  for (const std::string& text : flags.states) {
    TB_ASSIGN_OR_RETURN(const v1::TaskState state, ParseState(text));
    filter.add_states(state);
  }
  TB_RETURN_IF_ERROR(AddLabels(flags.labels, *filter.mutable_labels()));
  filter.set_correlation_key_prefix(flags.key_prefix);
  filter.set_target(flags.target);
  if (!flags.min_age.empty()) {
    TB_ASSIGN_OR_RETURN(const DurationMs age, ParseDuration(flags.min_age));
    *filter.mutable_min_age() = ToProto(age);
  }
  if (!flags.max_age.empty()) {
    TB_ASSIGN_OR_RETURN(const DurationMs age, ParseDuration(flags.max_age));
    *filter.mutable_max_age() = ToProto(age);
  }
  return filter;
}

absl::Status AddLabels(const std::vector<std::string>& pairs, google::protobuf::Map<std::string, std::string>& labels) {
  for (const std::string& pair : pairs) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return absl::InvalidArgumentError("a label is written name=value, not " + Shown(pair));
    }
    labels[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return absl::OkStatus();
}

}  // namespace tokenbroker::cli
