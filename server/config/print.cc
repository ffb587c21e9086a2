#include "server/config/print.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/config/access_lists.h"
#include "server/config/intake_lists.h"
#include "server/config/names.h"
#include "server/config/settings.h"
#include "server/config/targets.h"
#include "server/config/values.h"

namespace tokenbroker {
namespace {

std::string_view SectionOf(std::string_view name) {
  const size_t dot = name.find('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(0, dot);
}

std::string_view KeyOf(std::string_view name) { return name.substr(name.find('.') + 1); }

std::string Quoted(const std::string& value) {
  std::string quoted = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::string QuotedList(const std::vector<std::string>& values) {
  return absl::StrJoin(values, ", ", [](std::string* out, const std::string& value) { *out += Quoted(value); });
}

// As a YAML scalar: plain where nothing can be misread, else in double quotes.
std::string Scalar(const std::string& value) {
  const bool plain =
      !value.empty() && absl::ascii_isalnum(value[0]) &&
      std::all_of(value.begin(), value.end(),
                  [](unsigned char c) {
                    return absl::ascii_isalnum(c) || c == '.' || c == '/' || c == '-' || c == '_' || c == ':';
                  }) &&
      value.back() != ':';
  return plain ? value : Quoted(value);
}

class Printer {
 public:
  Printer(const LoadedConfig& loaded, bool origins) : loaded_(loaded), origins_(origins) {}

  std::string Print() {
    std::string_view section;
    for (const Setting& setting : Settings()) {
      const std::string_view next = SectionOf(setting.name);
      if (next != section) {
        if (section == "auth") PrintLists();
        if (!next.empty()) absl::StrAppend(&out_, std::string(next), ":\n");
        section = next;
      }
      Line(section.empty() ? "" : "  ", std::string(KeyOf(setting.name)), Scalar(setting.get(loaded_.config)),
           setting.name);
    }
    PrintTargets();
    out_ += PrintIntake(loaded_.config.intake);
    return std::move(out_);
  }

 private:
  void Line(const char* indent, const std::string& key, const std::string& value, const std::string& setting) {
    absl::StrAppend(&out_, indent, key, ":", value.empty() ? "" : " ", value, Origin(setting), "\n");
  }

  std::string Origin(const std::string& setting) const {
    if (!origins_) return "";
    const auto found = loaded_.origins.find(setting);
    // A line feed in a file's name would end the comment.
    return absl::StrCat("  # ", found == loaded_.origins.end() ? "default" : absl::Utf8SafeCEscape(found->second));
  }

  void PrintLists() {
    const AuthConfig& auth = loaded_.config.auth;
    if (!auth.keys.empty()) Line("  ", "keys", "", "auth.keys");
    for (const ApiKey& key : auth.keys) {
      const absl::string_view hash(reinterpret_cast<const char*>(key.sha256.data()), key.sha256.size());
      absl::StrAppend(&out_, "    - id: \"", key.id, "\"\n      sha256: \"", absl::BytesToHexString(hash), "\"\n");
      PrintNamespaces(key.namespaces);
    }
    if (!auth.certificates.empty()) Line("  ", "certificates", "", "auth.certificates");
    for (const CertificateHolder& holder : auth.certificates) {
      absl::StrAppend(&out_, "    - name: ", Scalar(holder.name), "\n");
      PrintNamespaces(holder.namespaces);
    }
    PrintAwsKeys(auth.aws_keys);
  }

  void PrintTargets() {
    const std::vector<TargetConfig>& targets = loaded_.config.targets;
    if (!targets.empty()) Line("", "targets", "", "targets");
    for (const TargetConfig& target : targets) {
      const std::string_view kind = TargetKindName(target.kind);
      absl::StrAppend(&out_, "  ", Scalar(target.name), ":\n    kind: ", absl::string_view(kind.data(), kind.size()),
                      "\n");
      for (const auto& [key, values] : target.options) {
        // A key that the kind does not know is found out later; what it names may be a URL all the same.
        const bool kept_back = IsKeptBack(key) || std::any_of(values.begin(), values.end(), MayHoldSecret);
        absl::StrAppend(&out_, "    ", Scalar(key), ": [", kept_back ? Quoted(kKeptBack) : QuotedList(values), "]\n");
      }
    }
  }

  void PrintAwsKeys(const std::vector<AwsKey>& keys) {
    if (!keys.empty()) Line("  ", "aws_keys", "", "auth.aws_keys");
    for (const AwsKey& key : keys) {
      absl::StrAppend(&out_, "    - access_key_id: \"", key.access_key_id, "\"\n");
      PrintSource("secret", key.secret);
      PrintSource("session_token", key.session_token);
      PrintNamespaces(key.namespaces);
    }
  }

  void PrintSource(const char* key, const SecretSource& source) {
    if (!source.file.empty()) absl::StrAppend(&out_, "      ", key, "_file: ", Scalar(source.file), "\n");
    if (!source.variable.empty()) absl::StrAppend(&out_, "      ", key, "_variable: ", Scalar(source.variable), "\n");
  }

  void PrintNamespaces(const NamespaceRights& namespaces) {
    absl::StrAppend(&out_, "      namespaces:\n");
    for (const auto& [name, rights] : namespaces) {
      absl::StrAppend(&out_, "        \"", name, "\": [", absl::StrJoin(RightNames(rights), ", "), "]\n");
    }
  }

  const LoadedConfig& loaded_;
  const bool origins_;
  std::string out_;
};

}  // namespace

std::string PrintConfig(const LoadedConfig& loaded, bool origins) { return Printer(loaded, origins).Print(); }

std::string ConfigReference() {
  const Config defaults;
  std::string out = "| Setting | Default | Value | What it does |\n|---|---|---|---|\n";
  for (const Setting& setting : Settings()) {
    const std::string value = setting.get(defaults);
    absl::StrAppend(&out, "| `", setting.name, "` | ", value.empty() ? "" : absl::StrCat("`", value, "`"), " | ",
                    setting.rule, " | ", setting.doc, " |\n");
  }
  return out;
}

std::string FlagHelp(ConfigMode mode) {
  const Config defaults;
  std::string out = "  --config FILE\n      YAML file with settings.\n";
  if (mode == ConfigMode::kDev)
    absl::StrAppend(&out,
                    "  --data DIR\n      Same as --storage-path: keeps tasks there. Default: a temporary folder.\n");
  for (const Setting& setting : Settings()) {
    const std::string value = setting.get(defaults);
    absl::StrAppend(&out, "  ", FlagName(setting.name), setting.is_bool ? "[=true|false]" : " VALUE", "\n      ",
                    setting.doc, "\n      Value: ", setting.rule, ". Default: ", value.empty() ? "empty" : value, "\n");
  }
  return out;
}

}  // namespace tokenbroker
