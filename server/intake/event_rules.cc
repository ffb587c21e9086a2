#include "server/intake/event_rules.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/json.h"
#include "base/json_path.h"
#include "json/cursor.h"
#include "json/select.h"

namespace tokenbroker::intake {
namespace {

const JsonPath kSource{{std::string("source")}, false};
const JsonPath kDetailType{{std::string("detail-type")}, false};

std::optional<std::string> StringAt(std::string_view event, const JsonPath& path) {
  const std::optional<std::string_view> value = json::Select(event, path);
  if (!value.has_value() || json::Cursor(*value).Next() != json::Kind::kString) return std::nullopt;
  return json::Unescape(json::Cursor(*value).TakeString());
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventRules>> EventRules::Make(const std::vector<EventIntake>& config,
                                                             MetricsRegistry& registry) {
  auto rules = std::make_unique<EventRules>();
  std::vector<std::string> wrong;
  for (const EventIntake& event : config) {
    absl::StatusOr<TaskMapping> mapping = TaskMapping::Make(event.task, "$.detail?");
    if (!mapping.ok()) {
      wrong.push_back(absl::StrCat("intake.events: '", event.name, "': ", mapping.status().message()));
      continue;
    }
    rules->rules_.push_back({event, *std::move(mapping), std::make_unique<IntakeMetrics>(registry, event.name)});
  }
  if (!wrong.empty()) return absl::InvalidArgumentError(absl::StrJoin(wrong, "\n"));
  return rules;
}

EventRules::Match EventRules::Read(std::string_view name_space, std::string_view event) const {
  Match match;
  const auto refuse = [&](std::string_view field, const std::string& rule) {
    match.refusal = broker::InvalidField(field, rule);
  };
  if (const absl::Status form = CheckJson(event); !form.ok()) {
    refuse("event", absl::StrCat("must be JSON: ", form.message()));
    return match;
  }
  const std::optional<std::string> source = StringAt(event, kSource);
  const std::optional<std::string> type = StringAt(event, kDetailType);
  if (!source.has_value()) refuse("source", "must be there, a string: is this an event as EventBridge sends it?");
  if (!type.has_value()) refuse("detail-type", "must be there, a string: is this an event as EventBridge sends it?");
  if (match.refusal) return match;
  for (const Rule& rule : rules_) {
    if (rule.config.task.name_space == name_space && rule.config.source == *source &&
        rule.config.detail_type == *type) {
      match.rule = &rule;
    }
  }
  if (match.rule == nullptr) {
    refuse("source", "and detail-type are those of no rule among intake.events for this namespace");
    return match;
  }
  match.rule->metrics->received.Increment();
  match.refusal = match.rule->mapping.Fill(event, std::nullopt, match.request);
  if (match.refusal) match.rule->metrics->bad.Increment();
  return match;
}

}  // namespace tokenbroker::intake
