// url: a callback URL, limited if asked, without a word to the broker.
#include <memory>

#include "base/status_macros.h"
#include "cli/callback_url.h"
#include "cli/command.h"
#include "cli/exit_code.h"

namespace tokenbroker::cli {
namespace {

struct UrlFlags {
  RefFlags ref;
  UrlLimits limits;
  std::string action;
};

absl::StatusOr<std::string> GetToken(Session& session, const UrlFlags& flags) {
  TB_ASSIGN_OR_RETURN(const v1::TaskRef ref, ResolveRef(session, flags.ref));
  if (ref.has_token()) return ref.token();
  return absl::InvalidArgumentError("a URL is made from the task's token; a task id proves nothing");
}

absl::StatusOr<int> PrintUrl(Session& session, const UrlFlags& flags) {
  TB_ASSIGN_OR_RETURN(const Settings settings, session.GetSettings());
  TB_ASSIGN_OR_RETURN(std::string token, GetToken(session, flags));
  TB_ASSIGN_OR_RETURN(token, LimitToken(token, flags.limits, session.world().wall.Now()));
  TB_ASSIGN_OR_RETURN(const std::string url, CallbackUrl(settings.base_url, token, flags.action));
  TB_RETURN_IF_ERROR(CheckAction(flags.limits, flags.action));
  if (IsJsonFormat(session.format)) {
    session.PrintJson(Json{{"url", url}, {"token", token}}, session.format);
  } else {
    session.out() << (session.format == Format::kToken ? token : url) << "\n";
  }
  return kOk;
}

}  // namespace

void AddUrlCommand(CommandLine& line, Session& session) {
  CLI::App* command =
      AddCommand(line.root, "url", "Print a callback URL for a task, limited if asked; works offline",
                 R"(  tokenctl url --token-file task.token --only succeed --only fail=Rejected --before 2d
  tokenctl url --token-file task.token --only heartbeat --to heartbeat
  tokenctl issue -o token | tokenctl url - --only read -o token)");
  auto flags = std::make_shared<UrlFlags>();
  AddTokenRef(command, flags->ref, "Token, or - for a token on standard input (a token given here shows in ps)");
  command->add_option("--only", flags->limits.only, "heartbeat, succeed, fail, fail=ERROR or read; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--before", flags->limits.before, "Good until then: a span from now, as in 2h, or a time");
  command->add_option("--to", flags->action, "succeed, fail or heartbeat: for programs, without the page");
  command->add_option("--base-url", session.flags.base_url,
                      "Where the broker's HTTP port is seen, as https://host:8433");
  OnRun(line, command, TableJsonAnd({Format::kToken}), [flags](Session& session) { return PrintUrl(session, *flags); });
}

}  // namespace tokenbroker::cli
