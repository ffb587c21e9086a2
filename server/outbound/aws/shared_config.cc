#include "server/outbound/aws/shared_config.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace tokenbroker::outbound::aws {
namespace {

absl::string_view Text(std::string_view text) { return {text.data(), text.size()}; }

// "profile  x" for the prefix "profile": "x"; empty if it does not begin so.
absl::string_view NameAfter(absl::string_view section, absl::string_view prefix) {
  if (!absl::ConsumePrefix(&section, prefix) || section.empty() || !absl::ascii_isspace(section[0])) return {};
  return absl::StripAsciiWhitespace(section);
}

// nullptr: a section of no interest.
Settings* SectionOf(absl::string_view section, bool credentials_file, SharedConfig& out) {
  if (credentials_file || section == "default") return &out.profiles[std::string(section)];
  if (const absl::string_view name = NameAfter(section, "profile"); !name.empty()) {
    return &out.profiles[std::string(name)];
  }
  if (const absl::string_view name = NameAfter(section, "sso-session"); !name.empty()) {
    return &out.sso_sessions[std::string(name)];
  }
  return nullptr;
}

// Without a comment, which begins after white space.
absl::string_view WithoutComment(absl::string_view value) {
  for (const char* mark : {" #", " ;", "\t#", "\t;"}) value = value.substr(0, value.find(mark));
  return absl::StripAsciiWhitespace(value);
}

void ParseFile(const Surroundings& surroundings, std::string_view variable, std::string_view path,
               bool credentials_file, SharedConfig& out) {
  std::string file = surroundings.variable(variable);
  if (file.empty()) file = HomePath(surroundings, path);
  const absl::StatusOr<std::string> text = surroundings.read_file(file);
  if (text.ok()) ParseSharedFile(*text, credentials_file, out);
}

}  // namespace

void ParseSharedFile(std::string_view text, bool credentials_file, SharedConfig& out) {
  Settings* section = nullptr;
  for (absl::string_view line : absl::StrSplit(Text(text), '\n')) {
    const bool indented = !line.empty() && (line[0] == ' ' || line[0] == '\t');
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#' || line[0] == ';' || indented) continue;
    if (line[0] == '[') {
      const size_t end = line.find(']');
      section = end == absl::string_view::npos
                    ? nullptr
                    : SectionOf(absl::StripAsciiWhitespace(line.substr(1, end - 1)), credentials_file, out);
      continue;
    }
    const size_t equals = line.find('=');
    if (section == nullptr || equals == absl::string_view::npos) continue;
    (*section)[absl::AsciiStrToLower(absl::StripAsciiWhitespace(line.substr(0, equals)))] =
        std::string(WithoutComment(line.substr(equals + 1)));
  }
}

SharedConfig ReadSharedConfig(const Surroundings& surroundings) {
  SharedConfig config;
  ParseFile(surroundings, "AWS_CONFIG_FILE", ".aws/config", false, config);
  ParseFile(surroundings, "AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials", true, config);
  return config;
}

std::string ProfileName(const Surroundings& surroundings) {
  const std::string name = surroundings.variable("AWS_PROFILE");
  return name.empty() ? "default" : name;
}

std::string RegionOf(const Surroundings& surroundings, std::string_view profile) {
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    std::string region = surroundings.variable(name);
    if (!region.empty()) return region;
  }
  const SharedConfig config = ReadSharedConfig(surroundings);
  const auto found = config.profiles.find(profile.empty() ? ProfileName(surroundings) : std::string(profile));
  return found == config.profiles.end() ? "" : Find(found->second, "region");
}

std::string Find(const Settings& settings, std::string_view name) {
  const auto found = settings.find(name);
  return found == settings.end() ? "" : found->second;
}

std::string HomePath(const Surroundings& surroundings, std::string_view path) {
  return absl::StrCat(surroundings.variable("HOME"), "/", Text(path));
}

}  // namespace tokenbroker::outbound::aws
