#include "cli/completion.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "cli/command.h"

namespace tokenbroker::cli {
namespace {

std::vector<const CLI::App*> Subcommands(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<const CLI::Option*> Flags(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return option->nonpositional(); });
}

// Every command with its path below the root: "" for the root itself, "profile ls".
void Walk(const CLI::App& app, const std::string& path,
          const std::function<void(const std::string&, const CLI::App&)>& visit) {
  visit(path, app);
  for (const CLI::App* sub : Subcommands(app))
    Walk(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), visit);
}

std::string Names(const CLI::App& app) {
  std::string words;
  for (const CLI::App* sub : Subcommands(app)) words += " " + sub->get_name();
  return words;
}

std::string FlagNames(const CLI::App& app) {
  std::string words;
  for (const CLI::Option* flag : Flags(app)) {
    for (const std::string& name : flag->get_lnames()) words += " --" + name;
  }
  return words;
}

// "a b" of an option whose type says its values: "a|b", or "{a,b}" behind a check.
std::string ValuesOf(const CLI::Option& option) {
  std::string values = option.get_type_name();
  const size_t brace = values.find('{');
  if (brace != std::string::npos) values = values.substr(brace + 1, values.find('}') - brace - 1);
  if (brace == std::string::npos && values.find('|') == std::string::npos) return "";
  std::replace_if(
      values.begin(), values.end(), [](char c) { return c == '|' || c == ','; }, ' ');
  return values;
}

// What `help` explains besides commands is said by none of them.
std::string PositionalValues(const CLI::App& root, const std::string& path, const CLI::App& app) {
  std::string words = path == "help" ? Names(root) + " exit-codes environment" : "";
  for (const CLI::Option* option : app.get_options([](const CLI::Option* o) { return o->get_positional(); })) {
    const std::string values = ValuesOf(*option);
    if (!values.empty()) words += " " + values;
  }
  return words;
}

bool HasFileArgument(const CLI::App& app) {
  return !app.get_options([](const CLI::Option* o) { return o->get_positional() && TakesFile(*o); }).empty();
}

std::string Trimmed(const std::string& words) { return words.empty() ? words : words.substr(1); }

// For single quotes in bash and zsh: they, which no word of ours has, are left out.
std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c != '\'' && c != '\\') quoted += c;
  }
  return quoted + "'";
}

// A case per command: what may follow it, besides the flags that all share.
std::string Cases(const CLI::App& root) {
  std::string cases;
  Walk(root, "", [&](const std::string& path, const CLI::App& app) {
    const std::string own = path.empty() ? "" : FlagNames(app);
    cases += "    " + Quoted(path) +
             ") words=" + Quoted(Trimmed(Names(app) + PositionalValues(root, path, app) + own)) +
             (HasFileArgument(app) ? " files=1" : "") + " ;;\n";
  });
  return cases;
}

// A case per flag with known values or a file: what may follow it. The flags of the root may stand behind any command.
std::string ValueCases(const CLI::App& root) {
  std::string cases;
  Walk(root, "", [&](const std::string& path, const CLI::App& app) {
    for (const CLI::Option* flag : Flags(app)) {
      const std::string values = ValuesOf(*flag);
      if (values.empty() && !TakesFile(*flag)) continue;
      std::string patterns;
      const auto add = [&](const std::string& name) {
        patterns += (patterns.empty() ? "" : "|") + (path.empty() ? "*" : Quoted(path)) + Quoted(" " + name);
      };
      for (const std::string& name : flag->get_lnames()) add("--" + name);
      for (const std::string& name : flag->get_snames()) add("-" + name);
      const std::string source = values.empty() ? "-f" : "-W " + Quoted(values);
      cases += "    " + patterns + ") COMPREPLY=($(compgen " + source + " -- \"$current\")); return ;;\n";
    }
  });
  return cases;
}

// Text between fish's single quotes, where these and backslashes can be escaped.
std::string FishQuoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

// What follows the flag: nothing, one of its values, a file, or anything else.
std::string FishValue(const CLI::Option& flag) {
  if (flag.get_expected_max() == 0) return "";
  const std::string values = ValuesOf(flag);
  if (!values.empty()) return " -x -a " + FishQuoted(values);
  return TakesFile(flag) ? " -r -F" : " -x";
}

// When a command's flags are offered: all words of its path were typed, and none of a command below or above that has
// one of the same name, as `delivery get` beside `get`.
std::string FishCondition(const CLI::App& root, const std::string& path, const CLI::App& app) {
  if (path.empty()) return "";
  const size_t space = path.find(' ');
  std::string condition = "__fish_seen_subcommand_from " + path.substr(0, space);
  if (space != std::string::npos) {
    condition += "; and __fish_seen_subcommand_from " + path.substr(space + 1);
  } else {
    std::string groups;
    for (const CLI::App* other : Subcommands(root)) {
      if (other != &app && !Subcommands(*other).empty()) groups += " " + other->get_name();
    }
    condition += "; and not __fish_seen_subcommand_from" + groups;
  }
  return " -n " + FishQuoted(condition);
}

// When a command's subcommands are offered: until one was typed.
std::string FishBefore(const CLI::App& app, const std::string& path) {
  if (path.empty()) return " -n __fish_use_subcommand";
  return " -n " +
         FishQuoted("__fish_seen_subcommand_from " + path + "; and not __fish_seen_subcommand_from" + Names(app));
}

void AddFishFlag(const CLI::Option& flag, const std::string& condition, std::string& script) {
  std::string names;
  for (const std::string& name : flag.get_lnames()) names += " -l " + name;
  for (const std::string& name : flag.get_snames()) names += " -s " + name;
  script +=
      "complete -c tokenctl" + condition + names + FishValue(flag) + " -d " + FishQuoted(flag.get_description()) + "\n";
}

}  // namespace

std::string BashCompletion(const CLI::App& root) {
  return R"(# bash completion for tokenctl; load with: source <(tokenctl completion bash)
_tokenctl() {
  local current="${COMP_WORDS[COMP_CWORD]}" path="" words="" files="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case " )" +
         Trimmed([&] {
           std::string all;
           Walk(root, "", [&](const std::string&, const CLI::App& app) { all += Names(app); });
           return all;
         }()) +
         R"( " in
      *" ${COMP_WORDS[i]} "*) path="${path:+$path }${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path ${COMP_WORDS[COMP_CWORD - 1]}" in
)" + ValueCases(root) +
         R"(  esac
  case "$path" in
)" + Cases(root) +
         R"(  esac
  [[ $current == -* ]] && words+=" )" +
         Trimmed(FlagNames(root)) + R"("
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ -n $files && $current != -* ]] && COMPREPLY+=($(compgen -f -- "$current"))
  [[ ${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- "$current"))
}
complete -o filenames -F _tokenctl tokenctl
)";
}

// zsh runs the bash function through its own adapter.
std::string ZshCompletion(const CLI::App& root) {
  return "#compdef tokenctl\n# zsh completion for tokenctl; load with: source <(tokenctl completion zsh)\n"
         "# after: autoload -U compinit && compinit\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         BashCompletion(root);
}

std::string FishCompletion(const CLI::App& root) {
  std::string script = "# fish completion for tokenctl; load with: tokenctl completion fish | source\n";
  Walk(root, "", [&](const std::string& path, const CLI::App& app) {
    for (const CLI::App* sub : Subcommands(app)) {
      script += "complete -c tokenctl -f" + FishBefore(app, path) + " -a " + sub->get_name() + " -d " +
                FishQuoted(sub->get_description()) + "\n";
    }
    const std::string condition = FishCondition(root, path, app);
    const std::string values = PositionalValues(root, path, app);
    if (!values.empty()) script += "complete -c tokenctl -f" + condition + " -a " + FishQuoted(Trimmed(values)) + "\n";
    for (const CLI::Option* flag : Flags(app)) AddFishFlag(*flag, condition, script);
  });
  return script;
}

}  // namespace tokenbroker::cli
