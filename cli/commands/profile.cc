// profile ls and profile show.
#include "cli/profile.h"

#include <memory>

#include "base/status_macros.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/table.h"
#include "cli/time_text.h"

namespace tokenbroker::cli {
namespace {

std::string ValueOf(const Profile& profile, const std::string& key) {
  const auto found = profile.values.find(key);
  return found == profile.values.end() ? "" : found->second;
}

absl::StatusOr<int> ListProfiles(Session& session) {
  const Format format = session.format;
  TB_ASSIGN_OR_RETURN(const ProfileFile file, LoadProfiles(ProfilePath(session.world().environment)));
  if (file.profiles.empty()) session.err() << "tokenctl: there are no profiles in " << file.path << "\n";
  Table table({"PROFILE", "ADDRESS", "NAMESPACE"});
  for (const auto& [name, profile] : file.profiles) {
    if (format == Format::kTable) table.Add({name, ValueOf(profile, "address"), ValueOf(profile, "namespace")});
    if (format == Format::kId) session.out() << name << "\n";
    if (!IsJsonFormat(format)) continue;
    Json json = {{"profile", name}};
    for (const auto& [key, value] : profile.values) json[key] = value;
    session.PrintJson(json, Format::kJsonLines);
  }
  if (format == Format::kTable) table.Print(session.out(), session.world().colour);
  return kOk;
}

// The key itself is never shown, only where it comes from.
std::string KeySource(const Settings& settings) {
  if (!settings.api_key.empty()) return "TOKENBROKER_API_KEY";
  return settings.api_key_file.empty() ? "none" : settings.api_key_file;
}

absl::StatusOr<int> ShowSettings(Session& session) {
  TB_ASSIGN_OR_RETURN(const Settings settings, session.GetSettings());
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"file", ProfilePath(session.world().environment)},
      {"profile", settings.profile},
      {"address", settings.address},
      {"namespace", settings.name_space},
      {"api_key", KeySource(settings)},
      {"tls", settings.tls ? "true" : "false"},
      {"tls_ca", settings.tls_ca},
      {"tls_cert", settings.tls_cert},
      {"tls_key", settings.tls_key},
      {"base_url", settings.base_url},
      {"timeout", settings.timeout ? FormatDuration(*settings.timeout) : ""}};
  Sheet sheet;
  Json json = Json::object();
  for (const auto& [name, value] : rows) {
    sheet.Add(name, value);
    if (!value.empty()) json[name] = value;
  }
  if (IsJsonFormat(session.format)) {
    session.PrintJson(json, session.format);
  } else {
    sheet.Print(session.out());
  }
  return kOk;
}

}  // namespace

void AddProfileCommands(CommandLine& line) {
  CLI::App* profile = AddCommand(line.root, "profile", "Show profiles and the settings in force", "");
  profile->require_subcommand(1);
  OnRun(line, AddCommand(*profile, "ls", "List the profiles of the profile file", ""), TableJsonAnd({Format::kId}),
        ListProfiles);
  OnRun(line, AddCommand(*profile, "show", "Show the settings in force: flags, environment and profile together", ""),
        TableJsonAnd({}), ShowSettings);
}

}  // namespace tokenbroker::cli
