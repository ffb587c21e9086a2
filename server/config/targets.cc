#include "server/config/targets.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/config/names.h"
#include "server/config/values.h"

namespace tokenbroker {
namespace {

constexpr std::pair<std::string_view, TargetKind> kKinds[] = {{"none", TargetKind::kNone},
                                                              {"webhook", TargetKind::kWebhook},
                                                              {"step_functions", TargetKind::kStepFunctions},
                                                              {"subscriber", TargetKind::kSubscriber}};

std::optional<TargetKind> KindOf(std::string_view name) {
  for (const auto& [known, kind] : kKinds) {
    if (known == name) return kind;
  }
  return std::nullopt;
}

class TargetReader {
 public:
  TargetReader(const std::string& source, std::map<std::string, std::string>& origins, std::vector<std::string>& errors)
      : source_(source), origins_(origins), errors_(errors) {}

  std::vector<TargetConfig> Read(const YamlNode& map) {
    std::vector<TargetConfig> targets;
    if (map.kind == YamlNode::Kind::kNull) return targets;
    if (map.kind != YamlNode::Kind::kMap) {
      Error("targets", map, "must map names of targets to their settings");
      return targets;
    }
    for (const auto& [name, settings] : map.members) targets.push_back(ReadOne(name, settings));
    return targets;
  }

 private:
  TargetConfig ReadOne(const std::string& name, const YamlNode& settings) {
    TargetConfig target{name};
    const std::string setting = absl::StrCat("targets.", name);
    origins_[setting] = Origin(settings);
    if (!IsName(name)) Error(setting, settings, absl::StrCat("the name must be ", kNameRule));
    if (settings.kind != YamlNode::Kind::kMap) {
      Error(setting, settings, "must be a map with 'kind'");
      return target;
    }
    bool has_kind = false, knows_kind = false;
    for (const auto& [key, value] : settings.members) {
      if (key == "kind") {
        has_kind = true;
        knows_kind = ReadKind(setting, value, target);
      } else {
        const std::string option = absl::StrCat(setting, ".", key);
        origins_[option] = Origin(value);
        ReadOption(option, value, target.options[key]);
      }
    }
    if (!has_kind) Error(setting, settings, "'kind' is missing");
    // Of no kind they would all be unknown.
    if (!knows_kind) target.options.clear();
    return target;
  }

  // False: it is none.
  bool ReadKind(const std::string& setting, const YamlNode& value, TargetConfig& target) {
    const std::optional<TargetKind> kind =
        value.kind == YamlNode::Kind::kScalar ? KindOf(value.scalar) : std::optional<TargetKind>();
    if (kind.has_value()) {
      target.kind = *kind;
      return true;
    }
    Error(absl::StrCat(setting, ".kind"), value,
          absl::StrCat("must be one of ", absl::StrJoin(kKinds, ", ", [](std::string* out, const auto& known) {
                         absl::StrAppend(out, absl::string_view(known.first.data(), known.first.size()));
                       })));
    return false;
  }

  void ReadOption(const std::string& setting, const YamlNode& value, std::vector<std::string>& out) {
    if (value.kind == YamlNode::Kind::kScalar) {
      out = {value.scalar};
      return;
    }
    if (value.kind != YamlNode::Kind::kList) return Error(setting, value, "must be a text or a list of texts");
    for (const YamlNode& item : value.items) {
      if (item.kind != YamlNode::Kind::kScalar) return Error(setting, item, "must hold texts only");
      out.push_back(item.scalar);
    }
  }

  void Error(const std::string& setting, const YamlNode& at, const std::string& what) {
    errors_.push_back(absl::StrCat(setting, ": ", what, " (", Origin(at), ")"));
  }

  std::string Origin(const YamlNode& at) const { return absl::StrCat(source_, ":", at.Place()); }

  const std::string& source_;
  std::map<std::string, std::string>& origins_;
  std::vector<std::string>& errors_;
};

}  // namespace

std::vector<TargetConfig> ReadTargets(const YamlNode& node, const std::string& source,
                                      std::map<std::string, std::string>& origins, std::vector<std::string>& errors) {
  return TargetReader(source, origins, errors).Read(node);
}

std::string_view TargetKindName(TargetKind kind) {
  for (const auto& [name, known] : kKinds) {
    if (known == kind) return name;
  }
  return "";
}

}  // namespace tokenbroker
