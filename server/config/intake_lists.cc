#include "server/config/intake_lists.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/contract_limits.h"
#include "base/duration_text.h"
#include "base/json_path.h"
#include "base/suggestion.h"
#include "base/text.h"
#include "server/config/values.h"

namespace tokenbroker {
namespace {

constexpr DurationMs kMaxVisibility = DurationMs{12} * 3'600'000;
constexpr size_t kMaxText = 2'048;

// What a value must be; empty: it is.
using Rule = std::function<std::string(const std::string&)>;

// One key of an intake, for reading and for printing.
struct Slot {
  std::string key;
  bool required = false;
  // What is wrong with the text; empty: it was taken.
  std::function<std::string(const std::string&)> set;
  std::function<std::string()> get;
};
using Slots = std::vector<Slot>;

// --- Rules of single values ---

std::string NameRule(const std::string& text) { return IsName(text) ? "" : absl::StrCat("must be ", kNameRule); }

std::string TextRule(const std::string& text) {
  const bool good = !text.empty() && text.size() <= kMaxText && IsValidUtf8(text) && !HasControlCharacters(text);
  return good ? "" : absl::StrCat("must be 1 to ", kMaxText, " bytes of UTF-8 without control characters");
}

std::string PathRule(const std::string& text) { return std::string(JsonPath::Parse(text).status().message()); }

std::string PathOrText(const std::string& text) { return JsonPath::Looks(text) ? PathRule(text) : TextRule(text); }

std::string PathOrTimeout(const std::string& text) {
  if (JsonPath::Looks(text)) return PathRule(text);
  const absl::StatusOr<DurationMs> value = ParseDuration(text);
  if (value.ok() && *value >= kMinTimeout && *value <= kMaxTimeout) return "";
  return absl::StrCat("must be a duration, ", DurationInOneUnit(kMinTimeout), " to ", DurationInOneUnit(kMaxTimeout),
                      ", or a JSON path");
}

std::string UrlRule(const std::string& text) {
  const bool good = (absl::StartsWith(text, "https://") || absl::StartsWith(text, "http://")) && TextRule(text).empty();
  return good ? "" : "must be an http or https URL";
}

std::string ActivityArnRule(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, ':');
  const bool good = parts.size() == 7 && parts[0] == "arn" && parts[2] == "states" && parts[5] == "activity" &&
                    std::none_of(parts.begin(), parts.end(), [](const std::string& part) { return part.empty(); });
  return good && TextRule(text).empty() ? "" : "must be arn:aws:states:REGION:ACCOUNT:activity:NAME";
}

std::string RoleArnRule(const std::string& text) {
  const bool good = absl::StartsWith(text, "arn:") && absl::StrContains(text, ":role/") && TextRule(text).empty();
  return good ? "" : "must be arn:aws:iam::ACCOUNT:role/NAME";
}

// --- The keys of each kind ---

Slot Text(std::string key, bool required, std::string& field, Rule rule) {
  const auto set = [&field, rule = std::move(rule)](const std::string& text) {
    std::string wrong = rule(text);
    if (wrong.empty()) field = text;
    return wrong;
  };
  return {std::move(key), required, set, [&field] { return field; }};
}

Slot Pollers(int64_t& field) {
  const auto set = [&field](const std::string& text) -> std::string {
    int64_t value = 0;
    if (!absl::SimpleAtoi(text, &value) || value < 1 || value > kMaxPollers) {
      return absl::StrCat("must be a whole number, 1 to ", kMaxPollers);
    }
    field = value;
    return "";
  };
  return {"pollers", false, set, [&field] { return std::to_string(field); }};
}

Slot Visibility(DurationMs& field) {
  const auto set = [&field](const std::string& text) -> std::string {
    const absl::StatusOr<DurationMs> value = ParseDuration(text);
    if (!value.ok() || *value < 5'000 || *value > kMaxVisibility || *value % 1'000 != 0) {
      return "must be a duration of whole seconds, 5s to 12h";
    }
    field = *value;
    return "";
  };
  return {"visibility_timeout", false, set, [&field] { return DurationInOneUnit(field); }};
}

void AddAccess(AwsAccess& aws, Slots& slots) {
  slots.push_back(Text("region", false, aws.region, TextRule));
  slots.push_back(Text("endpoint", false, aws.endpoint, UrlRule));
  slots.push_back(Text("profile", false, aws.profile, TextRule));
  slots.push_back(Text("role_arn", false, aws.role_arn, RoleArnRule));
  slots.push_back(Text("external_id", false, aws.external_id, TextRule));
}

void AddTask(IntakeTask& task, bool has_token, Slots& slots) {
  slots.push_back(Text("namespace", true, task.name_space, NameRule));
  slots.push_back(Text("target", false, task.target, NameRule));
  if (has_token) slots.push_back(Text("token", true, task.token, PathRule));
  slots.push_back(Text("key", false, task.key, PathRule));
  slots.push_back(Text("attempt", false, task.attempt, PathRule));
  slots.push_back(Text("input", false, task.input, PathRule));
  slots.push_back(Text("summary", false, task.summary, PathOrText));
  slots.push_back(Text("timeout", false, task.timeout, PathOrTimeout));
  slots.push_back(Text("heartbeat_timeout", false, task.heartbeat_timeout, PathOrTimeout));
}

Slots SlotsOf(ActivityIntake& intake) {
  Slots slots = {Text("name", true, intake.name, NameRule), Text("arn", true, intake.arn, ActivityArnRule),
                 Pollers(intake.pollers)};
  AddAccess(intake.aws, slots);
  AddTask(intake.task, false, slots);
  return slots;
}

Slots SlotsOf(QueueIntake& intake) {
  Slots slots = {Text("name", true, intake.name, NameRule), Text("url", true, intake.url, UrlRule),
                 Text("dead_letter_url", false, intake.dead_letter_url, UrlRule), Pollers(intake.pollers),
                 Visibility(intake.visibility_timeout)};
  AddAccess(intake.aws, slots);
  AddTask(intake.task, true, slots);
  return slots;
}

Slots SlotsOf(EventIntake& intake) {
  Slots slots = {Text("name", true, intake.name, NameRule), Text("source", true, intake.source, TextRule),
                 Text("detail_type", true, intake.detail_type, TextRule)};
  AddTask(intake.task, true, slots);
  return slots;
}

// --- Reading ---

class Reader {
 public:
  Reader(std::string setting, const std::string& source, std::vector<std::string>& errors)
      : setting_(std::move(setting)), source_(source), errors_(errors) {}

  template <typename Intake>
  std::vector<Intake> Read(const YamlNode& list) {
    std::vector<Intake> intakes;
    if (list.kind == YamlNode::Kind::kNull) return intakes;
    if (list.kind != YamlNode::Kind::kList || list.items.size() > kMaxIntakes) {
      Error(list, absl::StrCat("must be a list of at most ", kMaxIntakes, " maps"));
      return intakes;
    }
    for (const YamlNode& item : list.items) {
      Intake intake;
      ReadOne(item, SlotsOf(intake), intake.task.labels);
      intakes.push_back(std::move(intake));
    }
    return intakes;
  }

 private:
  void ReadOne(const YamlNode& item, const Slots& slots, std::map<std::string, std::string>& labels) {
    if (item.kind != YamlNode::Kind::kMap) return Error(item, "each item must be a map");
    std::set<std::string> given;
    for (const auto& [key, value] : item.members) {
      given.insert(key);
      key == "labels" ? ReadLabels(value, labels) : ReadValue(key, value, slots);
    }
    for (const Slot& slot : slots) {
      if (slot.required && !given.contains(slot.key)) Error(item, absl::StrCat("'", slot.key, "' is missing"));
    }
  }

  void ReadValue(const std::string& key, const YamlNode& value, const Slots& slots) {
    const auto slot = std::find_if(slots.begin(), slots.end(), [&](const Slot& each) { return each.key == key; });
    if (slot == slots.end()) {
      std::vector<std::string> known = {"labels"};
      for (const Slot& each : slots) known.push_back(each.key);
      return Error(value, absl::StrCat("unknown key '", key, "'", Suggestion(key, known)));
    }
    if (value.kind != YamlNode::Kind::kScalar) return Error(value, absl::StrCat("'", key, "' must be one value"));
    const std::string wrong = slot->set(value.scalar);
    if (!wrong.empty()) Error(value, absl::StrCat("'", key, "' ", wrong));
  }

  // What labels may be is the contract's to say; here, only their form.
  void ReadLabels(const YamlNode& map, std::map<std::string, std::string>& out) {
    if (map.kind != YamlNode::Kind::kMap) return Error(map, "'labels' must map names to JSON paths or texts");
    for (const auto& [name, value] : map.members) {
      const std::string wrong =
          value.kind == YamlNode::Kind::kScalar ? PathOrText(value.scalar) : "must be a JSON path or a text";
      if (!wrong.empty()) Error(value, absl::StrCat("label '", name, "' ", wrong));
      out[name] = value.scalar;
    }
  }

  void Error(const YamlNode& at, const std::string& what) {
    errors_.push_back(absl::StrCat(setting_, ": ", what, " (", source_, ":", at.Place(), ")"));
  }

  const std::string setting_;
  const std::string& source_;
  std::vector<std::string>& errors_;
};

// --- Printing ---

std::string Quoted(const std::string& value) {
  std::string quoted = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

template <typename Intake>
void Print(const char* list, std::vector<Intake> intakes, std::string& out) {
  if (!intakes.empty()) absl::StrAppend(&out, "  ", list, ":\n");
  for (Intake& intake : intakes) {
    const char* indent = "    - ";
    for (const Slot& slot : SlotsOf(intake)) {
      const std::string value = slot.get();
      if (value.empty()) continue;
      absl::StrAppend(&out, indent, slot.key, ": ", Quoted(IsKeptBack(slot.key) ? kKeptBack : value), "\n");
      indent = "      ";
    }
    if (!intake.task.labels.empty()) absl::StrAppend(&out, "      labels:\n");
    for (const auto& [name, value] : intake.task.labels) {
      absl::StrAppend(&out, "        ", Quoted(name), ": ", Quoted(value), "\n");
    }
  }
}

}  // namespace

bool ReadIntakeList(const std::string& name, const YamlNode& node, const std::string& source, IntakeConfig& out,
                    std::vector<std::string>& errors) {
  Reader reader(name, source, errors);
  if (name == "intake.activities") {
    out.activities = reader.Read<ActivityIntake>(node);
  } else if (name == "intake.queues") {
    out.queues = reader.Read<QueueIntake>(node);
  } else if (name == "intake.events") {
    out.events = reader.Read<EventIntake>(node);
  } else {
    return false;
  }
  return true;
}

std::string PrintIntake(const IntakeConfig& intake) {
  std::string lists;
  Print("activities", intake.activities, lists);
  Print("queues", intake.queues, lists);
  Print("events", intake.events, lists);
  return lists.empty() ? "" : "intake:\n" + lists;
}

void ValidateIntake(const IntakeConfig& intake, const std::vector<std::string>& targets,
                    std::vector<std::string>& errors) {
  std::set<std::string> names;
  const auto check = [&](const auto& list) {
    for (const auto& each : list) {
      if (!names.insert(each.name).second) {
        errors.push_back(absl::StrCat("intake: the name '", each.name, "' is there twice: each intake needs its own"));
      }
      const std::string& target = each.task.target;
      if (!target.empty() && std::find(targets.begin(), targets.end(), target) == targets.end()) {
        errors.push_back(absl::StrCat("intake: the target '", target, "' of '", each.name, "' is none of the targets",
                                      Suggestion(target, targets)));
      }
    }
  };
  check(intake.activities);
  check(intake.queues);
  check(intake.events);
  std::set<std::vector<std::string>> rules;
  for (const EventIntake& rule : intake.events) {
    if (rules.insert({rule.task.name_space, rule.source, rule.detail_type}).second) continue;
    errors.push_back(
        absl::StrCat("intake.events: '", rule.name,
                     "' has the namespace, source and detail_type of another one, and would take nothing"));
  }
}

}  // namespace tokenbroker
