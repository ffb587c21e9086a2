#include "server/pages/details.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "server/pages/html.h"
#include "server/pages/words.h"

namespace tokenbroker::pages {
namespace {

using Json = nlohmann::ordered_json;

// Beyond these it is no page for people any more.
constexpr size_t kMaxRows = 24;
constexpr size_t kMaxShown = 16 * 1024;

std::string Row(std::string_view name, const std::string& value_html) {
  return absl::StrCat("<dt>", Escaped(name), "</dt><dd>", value_html, "</dd>");
}

std::string TimeHtml(TimeMs time, TimeMs now) {
  return absl::StrCat(R"(<time datetime=")", TimeStamp(time), R"(">)", TimeWords(time),
                      R"(</time> <span class="soft">()", Relative(time, now), ")</span>");
}

std::string_view PillClass(broker::TaskState state) {
  switch (state) {
    case broker::TaskState::kWaiting:
      return "pill waiting";
    case broker::TaskState::kSucceeded:
      return "pill succeeded";
    case broker::TaskState::kFailed:
      return "pill failed";
    default:
      return "pill";
  }
}

bool IsFlat(const Json& json) {
  return json.is_object() && !json.empty() && json.size() <= kMaxRows &&
         std::all_of(json.begin(), json.end(), [](const Json& each) { return each.is_primitive(); });
}

std::string ScalarText(const Json& json) {
  if (json.is_string()) return json.get<std::string>();
  if (json.is_boolean()) return json.get<bool>() ? "yes" : "no";
  return json.is_null() ? "–" : json.dump();
}

std::string Endings(broker::TaskState state) {
  switch (state) {
    case broker::TaskState::kExpired:
      return "The time to decide is over. Nothing can be done with this link any more.";
    case broker::TaskState::kCancelled:
      return "Nobody waits for a decision any more.";
    case broker::TaskState::kSuperseded:
      return "This was replaced by a newer request; look for a newer link.";
    default:
      return "";
  }
}

}  // namespace

std::string StatePill(const Sight& sight) {
  return absl::StrCat(R"(<span class=")", std::string(PillClass(sight.record.state)), R"(">)",
                      std::string(StateWords(sight.record.state)), "</span>");
}

std::string WhenLine(const Sight& sight) {
  if (sight.record.state == broker::TaskState::kWaiting) {
    const TimeMs end = sight.url_ends != 0 ? sight.url_ends : sight.record.deadline;
    return absl::StrCat(R"(<p class="soft">Decide by )", TimeHtml(end, sight.now), "</p>");
  }
  const std::string words = Endings(sight.record.state);
  return words.empty() ? "" : absl::StrCat(R"(<p class="soft">)", words, "</p>");
}

std::string DecisionHtml(const Sight& sight) {
  if (!sight.record.outcome.has_value()) return "";
  const storage::ResolvedEntry& outcome = *sight.record.outcome;
  std::string html = "<dl>" + Row("What", std::string(StateWords(outcome.state)));
  absl::StrAppend(&html, Row("When", TimeHtml(outcome.time, sight.now)),
                  Row("By", Escaped(WhoWords(outcome.resolved_by))));
  if (!outcome.error.empty()) html += Row("Error", Escaped(outcome.error));
  if (!outcome.cause.empty()) html += Row("Reason", Escaped(Shortened(outcome.cause, kMaxShown)));
  html += "</dl>";
  const bool some_output = !outcome.output.empty() && outcome.output != "{}" && outcome.output != "null";
  if (sight.shows_output && some_output) absl::StrAppend(&html, "<p></p>", JsonHtml(outcome.output));
  return html;
}

std::string LabelsHtml(const Sight& sight) {
  std::string rows;
  for (const auto& [key, value] : sight.record.issued.labels) {
    if (key.substr(0, kPageLabels.size()) != kPageLabels) rows += Row(key, Escaped(value));
  }
  return rows.empty() ? "" : "<dl>" + rows + "</dl>";
}

std::string InputHtml(const Sight& sight) {
  const std::string_view input = sight.record.issued.input;
  return sight.shows_input && !input.empty() && input != "null" ? JsonHtml(input) : "";
}

std::string JsonHtml(std::string_view text) {
  const Json json = Json::parse(text.begin(), text.end(), nullptr, false);
  if (json.is_discarded() || !IsFlat(json)) {
    const std::string pretty =
        json.is_discarded() ? std::string(text) : json.dump(2, ' ', false, Json::error_handler_t::replace);
    return absl::StrCat(R"(<pre tabindex="0">)", Escaped(Shortened(pretty, kMaxShown)), "</pre>");
  }
  std::string rows;
  for (const auto& [name, value] : json.items()) rows += Row(name, Escaped(Shortened(ScalarText(value), kMaxShown)));
  return "<dl>" + rows + "</dl>";
}

}  // namespace tokenbroker::pages
