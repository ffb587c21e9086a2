// get and list.
#include <algorithm>
#include <memory>

#include "base/status_macros.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/filter.h"
#include "cli/task_json.h"
#include "cli/task_view.h"

namespace tokenbroker::cli {
namespace {

constexpr int kPageMax = 1000;

struct ListFlags {
  FilterFlags filter;
  int limit = 100;
  bool all = false;
  bool full = false;
  std::string page_token;
};

absl::StatusOr<int> Get(Session& session, const RefFlags& ref) {
  v1::GetTaskRequest request;
  TB_ASSIGN_OR_RETURN(*request.mutable_task(), ResolveRef(session, ref));
  TB_ASSIGN_OR_RETURN(const v1::GetTaskResponse response, session.Call(&Broker::Get, request));
  PrintTask(session, response.task());
  // A script that takes the output must notice that there is none.
  return session.format == Format::kOutput ? ExitCodeFor(response.task().state()) : kOk;
}

// What was read, and where reading goes on.
struct Listing {
  std::vector<v1::Task> tasks;
  std::string next_page_token;
  std::string watch_cursor;
};

// Lines are printed as pages come, so that a long list takes no memory; the other formats need all of it.
void TakePage(Session& session, v1::ListTasksResponse page, Listing& listing) {
  listing.next_page_token = page.next_page_token();
  listing.watch_cursor = page.watch_cursor();
  for (v1::Task& task : *page.mutable_tasks()) {
    if (session.format == Format::kTable || session.format == Format::kJson) {
      listing.tasks.push_back(std::move(task));
    } else {
      PrintTask(session, task);
    }
  }
}

absl::StatusOr<Listing> ReadPages(Session& session, const ListFlags& flags) {
  TB_ASSIGN_OR_RETURN(const Settings settings, session.GetSettings());
  v1::ListTasksRequest request;
  request.set_namespace_(settings.name_space);
  TB_ASSIGN_OR_RETURN(*request.mutable_filter(), MakeFilter(flags.filter));
  request.set_page_token(flags.page_token);
  request.set_view(flags.full ? v1::TASK_VIEW_FULL : v1::TASK_VIEW_BASIC);
  Listing listing;
  for (int left = flags.limit; flags.all || left > 0;) {
    request.set_page_size(flags.all ? kPageMax : std::min(left, kPageMax));
    TB_ASSIGN_OR_RETURN(v1::ListTasksResponse page, session.Call(&Broker::List, request));
    left -= page.tasks_size();
    TakePage(session, std::move(page), listing);
    if (listing.next_page_token.empty()) break;
    request.set_page_token(listing.next_page_token);
  }
  return listing;
}

void PrintListing(Session& session, const Listing& listing) {
  const Format format = session.format;
  if (format == Format::kTable) PrintTaskTable(session, listing.tasks);
  if (format == Format::kJson) {
    Json json = Json::object();
    json["tasks"] = Json::array();
    for (const v1::Task& task : listing.tasks) json["tasks"].push_back(ToJson(task));
    json["next_page_token"] = listing.next_page_token;
    json["watch_cursor"] = listing.watch_cursor;
    session.PrintJson(json, format);
  }
  if (!listing.next_page_token.empty() && format != Format::kJson) {
    session.err() << "tokenctl: there are more; go on with --page-token " << listing.next_page_token
                  << ", or use --all\n";
  }
}

absl::StatusOr<int> List(Session& session, const ListFlags& flags) {
  if (flags.limit < 1) return absl::InvalidArgumentError("--limit must be at least 1; for everything use --all");
  TB_ASSIGN_OR_RETURN(const Listing listing, ReadPages(session, flags));
  PrintListing(session, listing);
  return kOk;
}

void AddGet(CommandLine& line) {
  CLI::App* command = AddCommand(line.root, "get", "Show one task",
                                 R"(  tokenctl get 0123456789abcdef01
  tokenctl get --key order-17 -o json
  tokenctl get --key order-17 -o output)");
  auto ref = std::make_shared<RefFlags>();
  AddRef(command, *ref);
  OnRun(line, command, TableJsonAnd({Format::kId, Format::kOutput}),
        [ref](Session& session) { return Get(session, *ref); });
}

void AddList(CommandLine& line) {
  CLI::App* command = AddCommand(line.root, "list", "Show tasks in the order they were issued",
                                 R"(  tokenctl list --state waiting --min-age 1h
  tokenctl list --label team=billing --all -o jsonl | jq -r .task_id)");
  auto flags = std::make_shared<ListFlags>();
  AddFilter(command, flags->filter);
  auto* limit = command->add_option("--limit", flags->limit, "How many at most")->capture_default_str();
  command->add_flag("--all", flags->all, "All of them")->excludes(limit);
  command->add_flag("--full", flags->full, "With input and output");
  line.may_be_empty.insert(command->add_option("--page-token", flags->page_token, "Where the previous list stopped"));
  OnRun(line, command, TableJsonAnd({Format::kId}), [flags](Session& session) { return List(session, *flags); });
}

}  // namespace

void AddReadCommands(CommandLine& line) {
  AddGet(line);
  AddList(line);
}

}  // namespace tokenbroker::cli
