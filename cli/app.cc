#include "cli/app.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_join.h"
#include "base/shown_word.h"
#include "base/status_macros.h"
#include "base/suggestion.h"
#include "base/text.h"
#include "cli/advice.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/version.h"

namespace tokenbroker::cli {
namespace {

constexpr char kFooter[] = R"(Start:
  tokenbroker dev &
  tokenctl issue --key order-17 --timeout 1h
  tokenctl succeed --key order-17 --output '{"approved": true}'
  tokenctl await --key order-17

A token is a secret: hand it over by --token-file, standard input (-) or TOKENBROKER_TOKEN; as an argument it shows in ps.
More: tokenctl help COMMAND, tokenctl help exit-codes, tokenctl help environment)";

void AddGlobalFlags(CommandLine& line, Session& session) {
  CLI::App& root = line.root;
  ConnectionFlags& flags = session.flags;
  CLI::Option* format =
      root.add_option("--format,-o", line.format, "Form of the result; COMMAND --help says which it has")
          ->type_name("table|json|jsonl|id|token|output");
  line.may_be_empty.insert(format);  // to be refused with the forms that there are
  root.add_option("--address,-a", flags.address, "host:port of the broker, or unix:path");
  root.add_option("--namespace,-n", flags.name_space, "Namespace");
  root.add_option("--profile", flags.profile, "Profile of the profile file");
  root.add_option("--timeout", flags.timeout, "For a call with its retries, as in 10s");
  AsFile(root.add_option("--api-key-file", flags.api_key_file, "File with the API key"));
  root.add_flag("--tls", flags.tls, "Encrypt the connection");
  AsFile(root.add_option("--tls-ca", flags.tls_ca, "Certificates to trust, PEM"));
  AsFile(root.add_option("--tls-cert", flags.tls_cert, "Client certificate, PEM"));
  AsFile(root.add_option("--tls-key", flags.tls_key, "Its key, PEM"));
}

void AddCommands(CommandLine& line, Session& session) {
  AddIssueCommand(line);
  AddSettleCommands(line);
  AddHeartbeatCommand(line);
  AddReadCommands(line);
  AddAwaitCommand(line);
  AddWatchCommand(line);
  AddControlCommands(line);
  AddUrlCommand(line, session);
  AddRunCommand(line);
  AddBulkCommand(line);
  AddDeliveryCommands(line);
  AddAdminCommands(line);
  AddProfileCommands(line);
  AddHelpCommands(line);
}

// Everything after "--" belongs to the command of `run`; to the other commands "--" means what it always does.
std::vector<std::string> SplitTail(std::vector<std::string>& arguments) {
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  if (dashes == arguments.end() || std::find(arguments.begin(), dashes, "run") == dashes) return {};
  std::vector<std::string> tail(std::next(dashes), arguments.end());
  arguments.erase(dashes, arguments.end());
  return tail;
}

// How CLI11 begins when it goes on with "--option = value".
constexpr char kNotConverted[] = "Could not convert: ";

// The flag without its value.
std::string FlagIn(const std::string& word) { return word.substr(0, word[1] == '-' ? word.find('=') : 2); }

std::string DescribeExtras(const std::vector<std::string>& words) {
  std::string text = "not expected here:";
  for (const std::string& word : words) {
    const bool flag = word.size() > 1 && word[0] == '-';
    text += " " + (flag ? FlagIn(word) : Shown(word));
  }
  return text;
}

// The command that was named last; the root if none was.
const CLI::App& NamedCommand(const CLI::App& root) {
  const CLI::App* named = &root;
  while (!named->get_subcommands().empty()) named = named->get_subcommands().front();
  return *named;
}

// Where a command should stand, and none does: CLI11 says only that one is required.
std::string DescribeMissingCommand(const CLI::App& above, const std::vector<std::string>& words) {
  std::vector<std::string> names;
  for (const CLI::App* command : above.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  const auto word = std::find_if(words.begin(), words.end(), [](const std::string& w) { return w.rfind('-', 0) != 0; });
  if (word != words.end()) return "there is no command " + Shown(*word) + Suggestion(*word, names);
  return "a command is missing: " + absl::StrJoin(names, ", ");
}

// What an option takes, as its type says it.
std::string RuleOf(const CLI::Option* option) {
  const std::string type = option == nullptr ? "" : option->get_type_name();
  const size_t brace = type.find('{');
  if (brace != std::string::npos) return "must be one of " + type.substr(brace + 1, type.find('}') - brace - 1);
  if (type.find("POSITIVE") != std::string::npos) return "must be a whole number above 0";
  if (type.rfind("UINT", 0) == 0) return "must be a whole number, 0 or more";
  if (type.rfind("INT", 0) == 0) return "must be a whole number";
  return "does not take this value";
}

std::string DescribeBadValue(const CLI::App& root, const std::string& name) {
  const CLI::Option* option = NamedCommand(root).get_option_no_throw(name);
  return name + " " + RuleOf(option != nullptr ? option : root.get_option_no_throw(name));
}

// CLI11 repeats the words that it does not take, and one of them may be a token in the wrong place.
std::string Describe(const CLI::App& root, const CLI::ParseError& error) {
  const std::string text = error.what();
  const CLI::App& named = NamedCommand(root);
  const bool required = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  if (required && named.get_require_subcommand_min() > 0) return DescribeMissingCommand(named, root.remaining(true));
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) return DescribeExtras(root.remaining(true));
  if (dynamic_cast<const CLI::ValidationError*>(&error) != nullptr)
    return DescribeBadValue(root, text.substr(0, text.find(": ")));
  if (text.rfind(kNotConverted, 0) == 0) {
    const size_t name = sizeof kNotConverted - 1;
    return DescribeBadValue(root, text.substr(name, text.find(" = ") - name));
  }
  return text;
}

// "--key=" as "--key" and "": CLI11 would take the next word for the value.
std::vector<std::string> WithEmptyValues(const std::vector<std::string>& arguments) {
  std::vector<std::string> words;
  for (const std::string& word : arguments) {
    const bool empty = word.size() > 3 && word.rfind("--", 0) == 0 && word.find('=') == word.size() - 1;
    words.push_back(empty ? word.substr(0, word.size() - 1) : word);
    if (empty) words.emplace_back();
  }
  return words;
}

absl::Status CheckValue(const CommandLine& line, const CLI::Option& option, const std::string& value) {
  if (value.empty() && line.may_be_empty.count(&option) == 0) {
    return absl::InvalidArgumentError(option.get_name() + " is given, but empty (a variable that is not set?)");
  }
  if (!TakesFile(option) && !IsValidUtf8(value)) return absl::InvalidArgumentError(option.get_name() + " is not UTF-8");
  return absl::OkStatus();
}

// Of the command that was named and of what stands above it.
absl::Status CheckValues(const CommandLine& line, const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& value : option->results()) TB_RETURN_IF_ERROR(CheckValue(line, *option, value));
  }
  for (const CLI::App* command : app.get_subcommands()) TB_RETURN_IF_ERROR(CheckValues(line, *command));
  return absl::OkStatus();
}

absl::StatusOr<int> Run(CommandLine& line, Session& session, std::vector<std::string> arguments) {
  line.tail = SplitTail(arguments);
  arguments = WithEmptyValues(arguments);
  std::reverse(arguments.begin(), arguments.end());  // As CLI11 wants them.
  try {
    line.root.parse(std::move(arguments));
  } catch (const CLI::Success& help) {
    line.root.exit(help, session.out(), session.err());
    return kOk;
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(Describe(line.root, error) + "; see tokenctl --help, or COMMAND --help");
  }
  TB_RETURN_IF_ERROR(CheckValues(line, line.root));
  if (line.format) {
    TB_ASSIGN_OR_RETURN(session.format, ParseFormat(*line.format, line.formats));
  }
  return line.action(session);
}

}  // namespace

int RunCli(const std::vector<std::string>& arguments, World world) {
  Session session(std::move(world));
  CommandLine line;
  line.root.name("tokenctl");
  line.root.description("Issues, settles and watches the tasks of a task token broker.");
  line.root.footer(kFooter);
  line.root.set_version_flag("--version", std::string("tokenctl ") + kVersion);
  line.root.require_subcommand(1);
  AddGlobalFlags(line, session);
  AddCommands(line, session);
  const absl::StatusOr<int> done = Run(line, session, arguments);
  const absl::Status written = session.Flush();
  const absl::Status error = done.ok() ? written : done.status();
  if (!error.ok()) session.err() << Explain(error);
  return done.value_or(kOk) == kOk ? ExitCodeFor(error) : *done;
}

}  // namespace tokenbroker::cli
