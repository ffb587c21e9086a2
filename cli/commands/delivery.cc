// delivery list, get, redrive and drop.
#include <algorithm>
#include <cctype>
#include <climits>
#include <memory>

#include "base/shown_word.h"
#include "base/status_macros.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/task_json.h"
#include "cli/task_view.h"

namespace tokenbroker::cli {
namespace {

constexpr int kPageMax = 1000;

struct ListFlags {
  std::vector<std::string> states;
  std::string target;
  int limit = 100;
  bool all = false;
  bool everywhere = false;
  std::string page_token;
};

// One delivery, or those of some states, of one target or all.
struct PickFlags {
  RefFlags ref;
  std::string target;
  bool dead = false;
  bool pending = false;
  bool everywhere = false;
  int limit = INT_MAX;

  bool many() const { return dead || pending; }
};

absl::StatusOr<v1::DeliveryState> ParseState(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return c == '-' ? '_' : std::toupper(c); });
  v1::DeliveryState state;
  if (v1::DeliveryState_Parse("DELIVERY_STATE_" + text, &state) && state != v1::DELIVERY_STATE_UNSPECIFIED)
    return state;
  return absl::InvalidArgumentError(
      Shown(text) + " is no state; states are pending, delivered, probably_delivered, dead_lettered, dropped");
}

absl::StatusOr<v1::ListDeliveriesRequest> MakeRequest(Session& session, const ListFlags& flags) {
  v1::ListDeliveriesRequest request;
  TB_ASSIGN_OR_RETURN(const Settings settings, session.GetSettings());
  if (!flags.everywhere) request.set_namespace_(settings.name_space);
  for (const std::string& text : flags.states) {
    TB_ASSIGN_OR_RETURN(const v1::DeliveryState state, ParseState(text));
    request.add_states(state);
  }
  request.set_target(flags.target);
  request.set_page_token(flags.page_token);
  return request;
}

void Print(Session& session, const std::vector<v1::Delivery>& deliveries, const std::string& next) {
  const Format format = session.format;
  if (format == Format::kJson) {
    Json json = Json::object();
    json["deliveries"] = Json::array();
    for (const v1::Delivery& delivery : deliveries) json["deliveries"].push_back(ToJson(delivery));
    json["next_page_token"] = next;
    return session.PrintJson(json, format);
  }
  if (format == Format::kTable) PrintDeliveryTable(session, deliveries);
  if (!next.empty()) {
    session.err() << "tokenctl: there are more; go on with --page-token " << next << ", or use --all\n";
  }
}

absl::StatusOr<int> List(Session& session, const ListFlags& flags) {
  if (flags.limit < 1) return absl::InvalidArgumentError("--limit must be at least 1; for everything use --all");
  TB_ASSIGN_OR_RETURN(v1::ListDeliveriesRequest request, MakeRequest(session, flags));
  std::vector<v1::Delivery> deliveries;
  std::string next;
  for (int left = flags.limit; flags.all || left > 0;) {
    request.set_page_size(flags.all ? kPageMax : std::min(left, kPageMax));
    TB_ASSIGN_OR_RETURN(v1::ListDeliveriesResponse page, session.Call(&Broker::ListDeliveries, request));
    left -= page.deliveries_size();
    for (v1::Delivery& delivery : *page.mutable_deliveries()) {
      if (session.format == Format::kTable || session.format == Format::kJson) {
        deliveries.push_back(std::move(delivery));
      } else {
        PrintDelivery(session, delivery);
      }
    }
    next = page.next_page_token();
    if (next.empty()) break;
    request.set_page_token(next);
  }
  Print(session, deliveries, next);
  return kOk;
}

absl::StatusOr<int> Get(Session& session, const RefFlags& ref) {
  v1::GetDeliveryRequest request;
  TB_ASSIGN_OR_RETURN(*request.mutable_task(), ResolveRef(session, ref));
  TB_ASSIGN_OR_RETURN(const v1::GetDeliveryResponse response, session.Call(&Broker::GetDelivery, request));
  PrintDelivery(session, response.delivery());
  return kOk;
}

// How many were changed.
void PrintCount(Session& session, const std::string& name, int count) {
  if (IsJsonFormat(session.format)) {
    Json json = Json::object();
    json[name] = count;
    session.PrintJson(json, session.format);
  } else {
    session.out() << count << "\n";
  }
}

// Calls until there are no more, or `limit` are changed; `count` says of an answer how many it changed.
template <typename Request, typename Response>
absl::StatusOr<int> ChangePicked(Session& session, const PickFlags& flags, Request request,
                                 absl::StatusOr<Response> (Broker::*call)(const Request&, DurationMs),
                                 int (Response::*count)() const) {
  TB_ASSIGN_OR_RETURN(const Settings settings, session.GetSettings());
  if (!flags.everywhere) request.set_namespace_(settings.name_space);
  request.set_target(flags.target);
  int changed = 0;
  for (bool more = true; more && changed < flags.limit;) {
    request.set_limit(std::min(flags.limit - changed, kPageMax));
    TB_ASSIGN_OR_RETURN(const Response response, session.Call(call, request));
    changed += (response.*count)();
    more = response.more();
  }
  return changed;
}

absl::StatusOr<int> Drop(Session& session, const PickFlags& flags) {
  if (flags.many()) {
    v1::DropDeliveriesRequest request;
    if (flags.dead) request.add_states(v1::DELIVERY_STATE_DEAD_LETTERED);
    if (flags.pending) request.add_states(v1::DELIVERY_STATE_PENDING);
    TB_ASSIGN_OR_RETURN(const int dropped, ChangePicked(session, flags, std::move(request), &Broker::DropMany,
                                                        &v1::DropDeliveriesResponse::dropped));
    PrintCount(session, "dropped", dropped);
    return kOk;
  }
  v1::DropDeliveryRequest request;
  TB_ASSIGN_OR_RETURN(*request.mutable_task(), ResolveRef(session, flags.ref));
  TB_ASSIGN_OR_RETURN(const v1::DropDeliveryResponse response, session.Call(&Broker::Drop, request));
  PrintDelivery(session, response.delivery());
  return kOk;
}

absl::StatusOr<int> Redrive(Session& session, const PickFlags& flags) {
  v1::RedriveDeliveriesRequest request;
  if (flags.many()) {
    TB_ASSIGN_OR_RETURN(const int redriven, ChangePicked(session, flags, std::move(request), &Broker::Redrive,
                                                         &v1::RedriveDeliveriesResponse::redriven));
    PrintCount(session, "redriven", redriven);
    return kOk;
  }
  TB_ASSIGN_OR_RETURN(*request.mutable_task(), ResolveRef(session, flags.ref));
  TB_ASSIGN_OR_RETURN(const v1::RedriveDeliveriesResponse response, session.Call(&Broker::Redrive, request));
  PrintCount(session, "redriven", response.redriven());
  return kOk;
}

void AddList(CommandLine& line, CLI::App& delivery) {
  CLI::App* command = AddCommand(delivery, "list", "Show what is owed to targets, and dead letters",
                                 R"(  tokenctl delivery list --state dead_lettered
  tokenctl delivery list --target states --all -o jsonl | jq -r .answer_code | sort | uniq -c)");
  auto flags = std::make_shared<ListFlags>();
  command->add_option("--state", flags->states, "Only these states; may be repeated or separated by commas")
      ->type_name("pending|delivered|probably_delivered|dead_lettered|dropped")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--target", flags->target, "Only of this target");
  auto* limit = command->add_option("--limit", flags->limit, "How many at most")->capture_default_str();
  command->add_flag("--all", flags->all, "All of them")->excludes(limit);
  command->add_flag("--all-namespaces", flags->everywhere, "Of every namespace");
  line.may_be_empty.insert(command->add_option("--page-token", flags->page_token, "Where the previous list stopped"));
  OnRun(line, command, TableJsonAnd({Format::kId}), [flags](Session& session) { return List(session, *flags); });
}

// What picks many.
void AddPick(CLI::App* command, PickFlags& flags) {
  AddRef(command, flags.ref);
  command->add_flag("--dead", flags.dead, "All dead letters of the namespace");
  command->add_option("--target", flags.target, "Only of this target");
  command->add_flag("--all-namespaces", flags.everywhere, "Of every namespace");
  command->add_option("--limit", flags.limit, "At most so many, oldest first")->check(CLI::PositiveNumber);
}

// Either one task is named, or many are picked by their state: where both are said, one of them was not meant.
absl::Status CheckPick(const PickFlags& flags, Format format) {
  if (flags.many()) {
    if (format == Format::kId) return absl::InvalidArgumentError("-o id is for one task: many are only counted");
    if (flags.ref.Count() == 0) return absl::OkStatus();
    return absl::InvalidArgumentError(
        "name one task (REF, --token-file, --key) or pick many (--dead, --pending), not both");
  }
  if (flags.target.empty() && !flags.everywhere && flags.limit == INT_MAX) return absl::OkStatus();
  return absl::InvalidArgumentError("--target, --all-namespaces and --limit are for many: say --dead as well");
}

void AddRedrive(CommandLine& line, CLI::App& delivery) {
  CLI::App* command = AddCommand(delivery, "redrive", "Send dead letters again: one, or all that are picked",
                                 R"(  tokenctl delivery redrive 0123456789abcdef01
  tokenctl delivery redrive --dead --target states)");
  auto flags = std::make_shared<PickFlags>();
  AddPick(command, *flags);
  OnRun(line, command, TableJsonAnd({}), [flags](Session& session) -> absl::StatusOr<int> {
    TB_RETURN_IF_ERROR(CheckPick(*flags, session.format));
    return Redrive(session, *flags);
  });
}

void AddDrop(CommandLine& line, CLI::App& delivery) {
  CLI::App* command = AddCommand(delivery, "drop", "Give a delivery up, for ever: one, or all that are picked",
                                 R"(  tokenctl delivery drop 0123456789abcdef01
  tokenctl delivery drop --dead --target states
  tokenctl delivery drop --pending --target gone --all-namespaces)");
  auto flags = std::make_shared<PickFlags>();
  AddPick(command, *flags);
  command->add_flag("--pending", flags->pending, "All that are still owed");
  OnRun(line, command, TableJsonAnd({Format::kId}), [flags](Session& session) -> absl::StatusOr<int> {
    TB_RETURN_IF_ERROR(CheckPick(*flags, session.format));
    return Drop(session, *flags);
  });
}

void AddOne(CommandLine& line, CLI::App& delivery, const std::string& name, const std::string& description,
            const std::string& examples, absl::StatusOr<int> (*run)(Session&, const RefFlags&)) {
  CLI::App* command = AddCommand(delivery, name, description, examples);
  auto ref = std::make_shared<RefFlags>();
  AddRef(command, *ref);
  OnRun(line, command, TableJsonAnd({Format::kId}), [ref, run](Session& session) { return run(session, *ref); });
}

}  // namespace

void AddDeliveryCommands(CommandLine& line) {
  CLI::App* delivery = AddCommand(line.root, "delivery", "Look after outcomes on their way to targets", "");
  delivery->require_subcommand(1);
  AddList(line, *delivery);
  AddOne(line, *delivery, "get", "Show how the delivery of a task's outcome stands",
         "  tokenctl delivery get --key order-17 -o json", Get);
  AddRedrive(line, *delivery);
  AddDrop(line, *delivery);
}

}  // namespace tokenbroker::cli
