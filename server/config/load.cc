#include "server/config/load.h"

#include <unistd.h>

#include <algorithm>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "base/suggestion.h"
#include "server/config/access_lists.h"
#include "server/config/intake_lists.h"
#include "server/config/names.h"
#include "server/config/settings.h"
#include "server/config/targets.h"
#include "server/config/validate.h"
#include "server/config/values.h"
#include "server/config/yaml_tree.h"

namespace tokenbroker {
namespace {

// Collects one layer after the other; errors are gathered, so that one run shows them all.
class Layers {
 public:
  void Set(const Setting& setting, std::string_view text, std::string origin) {
    if (absl::Status status = setting.set(text, loaded_.config); !status.ok()) {
      errors_.push_back(absl::StrCat(setting.name, ": ", status.message(), ButNot(text), " (", origin, ")"));
      return;
    }
    loaded_.origins[setting.name] = std::move(origin);
  }

  void Error(std::string text) { errors_.push_back(std::move(text)); }

  void AddYaml(const YamlNode& root, const std::string& source) {
    if (root.kind == YamlNode::Kind::kNull) return;
    if (root.kind != YamlNode::Kind::kMap) {
      Error(absl::StrCat(source, ":", root.Place(), ": must be a map of settings"));
      return;
    }
    std::set<std::string> seen;
    AddMap("", root, source, seen);
  }

  // Rules that a refused setting breaks, too, say nothing new.
  void Judge(ConfigMode mode, const ConfigCheck& check) {
    const std::vector<std::string> refused = errors_;
    const auto known = [&](const std::string& fault) {
      const std::string setting = fault.substr(0, fault.find(' '));
      return std::any_of(refused.begin(), refused.end(),
                         [&](const std::string& error) { return absl::StartsWith(error, setting + " "); });
    };
    std::vector<std::string> faults;
    if (const absl::Status rules = ValidateConfig(mode, loaded_); !rules.ok()) {
      faults = absl::StrSplit(rules.message(), '\n');
    }
    if (check != nullptr) {
      for (const ConfigFault& fault : check(loaded_.config)) faults.push_back(DescribeFault(loaded_, fault));
    }
    std::remove_copy_if(faults.begin(), faults.end(), std::back_inserter(errors_), known);
  }

  absl::StatusOr<LoadedConfig> Finish() && {
    if (!errors_.empty()) return absl::InvalidArgumentError(absl::StrJoin(errors_, "\n"));
    return std::move(loaded_);
  }

  // The refused value, unless there may be a secret in it.
  static std::string ButNot(std::string_view text) {
    return MayHoldSecret(text) ? "" : absl::StrCat(", not '", Shown(text), "'");
  }

  // What a person typed, safe to stand in one line.
  static std::string Shown(std::string_view text) {
    std::string shown = absl::Utf8SafeCEscape(absl::string_view(text.data(), text.size()));
    if (shown.size() > 100) shown = absl::StrCat(shown.substr(0, 100), "...");
    return shown;
  }

 private:
  void AddMap(const std::string& prefix, const YamlNode& map, const std::string& source, std::set<std::string>& seen) {
    for (const auto& [key, value] : map.members) {
      const std::string name = absl::StrCat(prefix, key);
      const std::string origin = absl::StrCat(source, ":", value.Place());
      if (IsSection(name)) {
        AddSection(name, value, source, seen);
      } else if (!seen.insert(name).second) {
        Error(absl::StrCat(name, ": is there twice (", origin, ")"));
      } else if (const Setting* setting = FindSetting(name)) {
        AddScalar(*setting, value, origin);
      } else if (!AddList(name, value, source)) {
        Error(absl::StrCat("unknown setting '", Shown(name), "'", Suggestion(name, KnownNames()), " (", origin, ")"));
      }
    }
  }

  void AddSection(const std::string& name, const YamlNode& value, const std::string& source,
                  std::set<std::string>& seen) {
    if (value.kind == YamlNode::Kind::kMap) {
      AddMap(name + ".", value, source, seen);
    } else if (value.kind != YamlNode::Kind::kNull) {
      Error(absl::StrCat(name, ": must be a map of settings (", source, ":", value.Place(), ")"));
    }
  }

  void AddScalar(const Setting& setting, const YamlNode& value, const std::string& origin) {
    if (value.kind == YamlNode::Kind::kScalar) {
      Set(setting, value.scalar, origin);
    } else if (setting.is_list && IsListOfScalars(value)) {
      Set(setting,
          absl::StrJoin(value.items, ",", [](std::string* out, const YamlNode& item) { out->append(item.scalar); }),
          origin);
    } else if (value.kind == YamlNode::Kind::kNull) {
      Error(absl::StrCat(setting.name, ": has no value; must be ", setting.rule, " (", origin, ")"));
    } else {
      Error(absl::StrCat(setting.name, ": must be ", setting.rule, ", not a list or map (", origin, ")"));
    }
  }

  static bool IsListOfScalars(const YamlNode& value) {
    return value.kind == YamlNode::Kind::kList &&
           std::all_of(value.items.begin(), value.items.end(),
                       [](const YamlNode& item) { return item.kind == YamlNode::Kind::kScalar; });
  }

  bool AddList(const std::string& name, const YamlNode& value, const std::string& source) {
    if (name == "auth.keys") {
      loaded_.config.auth.keys = ReadApiKeys(value, source, errors_);
    } else if (name == "auth.certificates") {
      loaded_.config.auth.certificates = ReadCertificates(value, source, errors_);
    } else if (name == "auth.aws_keys") {
      loaded_.config.auth.aws_keys = ReadAwsKeys(value, source, errors_);
    } else if (name == "targets") {
      loaded_.config.targets = ReadTargets(value, source, loaded_.origins, errors_);
    } else if (!ReadIntakeList(name, value, source, loaded_.config.intake, errors_)) {
      return false;
    }
    loaded_.origins[name] = absl::StrCat(source, ":", value.Place());
    return true;
  }

  static bool IsSection(const std::string& name) {
    if (name == "intake") return true;
    const std::string prefix = name + ".";
    for (const Setting& setting : Settings()) {
      if (absl::StartsWith(setting.name, prefix)) return true;
    }
    return false;
  }

  static std::vector<std::string> KnownNames() {
    std::vector<std::string> names = {"auth.keys", "auth.certificates", "auth.aws_keys", "targets",
                                      "intake",    "intake.activities", "intake.queues", "intake.events"};
    for (const Setting& setting : Settings()) {
      names.push_back(setting.name);
      const size_t dot = setting.name.find('.');
      if (dot != std::string::npos) names.push_back(setting.name.substr(0, dot));
    }
    return names;
  }

  LoadedConfig loaded_;
  std::vector<std::string> errors_;
};

struct Given {
  const Setting* setting;
  std::string text;
  std::string origin;
};

// The command line, understood but not yet applied: the file that it names comes first.
class CommandLine {
 public:
  CommandLine(ConfigMode mode, const std::vector<std::string>& args, Layers& layers) : mode_(mode), layers_(layers) {
    for (size_t i = 0; i < args.size();) i += Take(args, i);
  }

  const std::string& file() const { return file_; }
  void Apply() const {
    for (const Given& given : given_) layers_.Set(*given.setting, given.text, given.origin);
  }

 private:
  // Understands the flag at `i`; the answer is how many arguments it took.
  size_t Take(const std::vector<std::string>& args, size_t i) {
    const std::string& arg = args[i];
    if (!absl::StartsWith(arg, "--") || arg == "--") {
      layers_.Error(absl::StrCat("unexpected argument '", MayHoldSecret(arg) ? kKeptBack : Layers::Shown(arg),
                                 "': flags look like --grpc-listen 127.0.0.1:7433"));
      return 1;
    }
    const size_t equals = arg.find('=');
    const std::string flag = arg.substr(0, equals);
    const Setting* setting = Find(flag);
    if (setting == nullptr && flag != "--config") {
      layers_.Error(absl::StrCat("unknown flag '", Layers::Shown(flag), "'", Suggestion(flag, KnownFlags())));
      // Its value, if it has one, is not a second error.
      return equals == std::string::npos && i + 1 < args.size() && !absl::StartsWith(args[i + 1], "--") ? 2 : 1;
    }
    if (equals != std::string::npos) {
      Give(setting, flag, arg.substr(equals + 1));
      return 1;
    }
    if (setting != nullptr && setting->is_bool) {
      Give(setting, flag, "true");
      return 1;
    }
    if (i + 1 == args.size()) {
      layers_.Error(absl::StrCat("flag ", flag, " needs a value"));
      return 1;
    }
    Give(setting, flag, args[i + 1]);
    return 2;
  }

  void Give(const Setting* setting, const std::string& flag, const std::string& value) {
    if (setting == nullptr) {
      file_ = value;
    } else {
      given_.push_back({setting, value, flag});
    }
  }

  const Setting* Find(const std::string& flag) const {
    if (flag == "--data" && mode_ == ConfigMode::kDev) return FindSetting("storage.path");
    for (const Setting& setting : Settings()) {
      if (FlagName(setting.name) == flag) return &setting;
    }
    return nullptr;
  }

  std::vector<std::string> KnownFlags() const {
    std::vector<std::string> flags = {"--config"};
    if (mode_ == ConfigMode::kDev) flags.push_back("--data");
    for (const Setting& setting : Settings()) flags.push_back(FlagName(setting.name));
    return flags;
  }

  const ConfigMode mode_;
  Layers& layers_;
  std::string file_;
  std::vector<Given> given_;
};

void AddPreset(ConfigMode mode, Layers& layers) {
  if (mode != ConfigMode::kDev) return;
  // Ctrl-C should not take long, and a laptop's disk is often nearly full.
  layers.Set(*FindSetting("drain.timeout"), "2s", "dev");
  layers.Set(*FindSetting("limits.disk_free_min"), "64MiB", "dev");
}

absl::Status AddFile(const std::string& path, Layers& layers) {
  if (path.empty()) return absl::OkStatus();
  const absl::StatusOr<std::string> text = ReadFile(path, kMaxYamlBytes);
  if (!text.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--config: cannot read ", Layers::Shown(path), ": ", text.status().message()));
  }
  TB_ASSIGN_OR_RETURN(const YamlNode root, ParseYaml(*text, path));
  layers.AddYaml(root, path);
  return absl::OkStatus();
}

void AddEnvironment(const Environment& environment, Layers& layers) {
  std::vector<std::string> names;
  for (const Setting& setting : Settings()) names.push_back(EnvironmentName(setting.name));
  for (const auto& [variable, value] : environment) {
    if (!absl::StartsWith(variable, "TOKENBROKER_")) continue;
    const size_t i = std::find(names.begin(), names.end(), variable) - names.begin();
    if (i < names.size()) {
      layers.Set(Settings()[i], value, variable);
    } else if (!IsForeignVariable(variable)) {
      layers.Error(
          absl::StrCat("unknown environment variable '", Layers::Shown(variable), "'", Suggestion(variable, names)));
    }
  }
}

}  // namespace

absl::StatusOr<LoadedConfig> LoadConfig(ConfigMode mode, const std::vector<std::string>& args,
                                        const Environment& environment, const ConfigCheck& check) {
  Layers layers;
  const CommandLine command_line(mode, args, layers);
  AddPreset(mode, layers);
  TB_RETURN_IF_ERROR(AddFile(command_line.file(), layers));
  AddEnvironment(environment, layers);
  command_line.Apply();
  layers.Judge(mode, check);
  return std::move(layers).Finish();
}

std::string DescribeFault(const LoadedConfig& loaded, const ConfigFault& fault) {
  std::string name = fault.setting;
  while (!name.empty() && !loaded.origins.contains(name)) {
    const size_t dot = name.rfind('.');
    name.resize(dot == std::string::npos ? 0 : dot);
  }
  return absl::StrCat(fault.setting, ": ", fault.what, " (", name.empty() ? "default" : loaded.origins.at(name), ")");
}

absl::StatusOr<LoadedConfig> ParseConfigYaml(std::string_view text, std::string_view source) {
  TB_ASSIGN_OR_RETURN(const YamlNode root, ParseYaml(text, source));
  Layers layers;
  layers.AddYaml(root, std::string(source));
  return std::move(layers).Finish();
}

Environment ProcessEnvironment() {
  Environment environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

}  // namespace tokenbroker
