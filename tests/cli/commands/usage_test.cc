// What holds for every command: flags, formats, help, and what is said of mistakes.
#include <set>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "tests/cli/commands/commands_fixture.h"

namespace tokenbroker::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(CommandsTest, GlobalFlagsStandBeforeOrAfterTheCommand) {
  Tokenctl({"--address", "a:1", "issue"});
  EXPECT_EQ(settings.address, "a:1");
  Tokenctl({"issue", "--address", "b:1"});
  EXPECT_EQ(settings.address, "b:1");
}

TEST_F(CommandsTest, AUsageErrorNeverRepeatsWhatMayBeAToken) {
  const std::string token = "T1x6T9SECRETSECRETSECRETSECRETSECRETabcd";
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {token},
           {"status", token},
           {"get", "tkA", token},
           {"get", "--tokn=" + token},
           {"get", "-z" + token},
           {"get", "--token-file", token},
           {"succeed", "tkA", "--output", "@" + token},
           {"run", "-q" + token},
           {"delivery", token},
           {"completion", token},
           {"list", "--limit", token},
           {"list", "--all=" + token},
           {"list", "--state", token},
           {"list", "--min-age", token},
           {"list", "--label", token},
           {"delivery", "list", "--state", token},
           {"delivery", "drop", "--dead", "--limit", token},
           {"url", "tkA", "--only", token},
           {"url", "tkA", "--before", token},
           {"url", "tkA", "--to", token},
           {"-o", token, "list"},
           {"--profile", token, "list"},
           {"bulk", token},
           {"url", "tkA", "--base-url", token},
       }) {
    EXPECT_EQ(Tokenctl(words), kUsage) << words.front();
    EXPECT_THAT(err, Not(HasSubstr("SECRET")));
  }
  environment["TOKENBROKER_TLS"] = token;
  EXPECT_EQ(Tokenctl({"list"}), kUsage);
  EXPECT_THAT(err, Not(HasSubstr("SECRET")));
}

TEST_F(CommandsTest, WhatIsGivenAsEmptyIsNotTakenForLeftOut) {
  environment["TOKENBROKER_TOKEN"] = "tkA";
  struct Case {
    std::vector<std::string> command;
    std::string named;
  };
  for (const Case& one : std::vector<Case>{{{"succeed", "--key", ""}, "--key"},
                                           {{"succeed", "--key=", "--output", "42"}, "--key"},
                                           {{"succeed", "-k", "", "--output", "42"}, "--key"},
                                           {{"succeed", ""}, "REF"},
                                           {{"succeed", "--token-file", ""}, "--token-file"},
                                           {{"succeed", "--request-id", ""}, "--request-id"},
                                           {{"issue", "--allow-error", ""}, "--allow-error"},
                                           {{"issue", "--key", ""}, "--key"},
                                           {{"bulk", ""}, "FILE"},
                                           {{"run", "--error", "", "--", "true"}, "--error"},
                                           {{"list", "-a", ""}, "--address"},
                                           {{"delivery", "get", ""}, "REF"}}) {
    EXPECT_EQ(Tokenctl(one.command), kUsage) << one.named;
    EXPECT_THAT(err, HasSubstr(one.named + " is given, but empty"));
  }
  EXPECT_EQ(connections, 0);
}

TEST_F(CommandsTest, WhatIsNoUtf8IsRefusedByItsName) {
  const std::string bad = "a\xFF";
  struct Case {
    std::vector<std::string> command;
    std::string named;
  };
  for (const Case& one : std::vector<Case>{{{"get", "--key", bad}, "--key"},
                                           {{"get", bad}, "REF"},
                                           {{"issue", "--summary", bad}, "--summary"},
                                           {{"issue", "--label", "a=" + bad}, "--label"},
                                           {{"issue", "--request-id", bad}, "--request-id"},
                                           {{"fail", "tkA", "--cause", bad}, "--cause"},
                                           {{"list", "-n", bad}, "--namespace"}}) {
    EXPECT_EQ(Tokenctl(one.command), kUsage) << one.named;
    EXPECT_THAT(err, HasSubstr(one.named + " is not UTF-8"));
  }
  EXPECT_EQ(connections, 0);
  EXPECT_EQ(Tokenctl({"get", "--token-file", bad}), kUsage);
  EXPECT_THAT(err, HasSubstr("cannot read")) << "a file may be called so";
}

TEST_F(CommandsTest, AUsageErrorSaysWhatIsWrong) {
  Tokenctl({"get", "--tokn=x"});
  EXPECT_THAT(err, HasSubstr("not expected here: --tokn;"));
  Tokenctl({"status", "x"});
  EXPECT_THAT(err, HasSubstr("not expected here: \"x\";"));
  Tokenctl({"list", "--limit", "x"});
  EXPECT_THAT(err, HasSubstr("--limit must be a whole number;"));
  Tokenctl({"delivery", "drop", "--dead", "--limit", "0"});
  EXPECT_THAT(err, HasSubstr("--limit must be a whole number above 0;"));
  Tokenctl({"issue", "--attempt", "-1"});
  EXPECT_THAT(err, HasSubstr("--attempt must be a whole number, 0 or more;"));
  Tokenctl({"completion", "tcsh"});
  EXPECT_THAT(err, HasSubstr("SHELL must be one of bash,zsh,fish;"));
}

TEST_F(CommandsTest, AnUnknownCommandIsNamedWithTheNearest) {
  Tokenctl({"isue", "--key", "k"});
  EXPECT_THAT(err, HasSubstr("there is no command \"isue\" (did you mean 'issue'?);"));
  Tokenctl({"delivery", "lst"});
  EXPECT_THAT(err, HasSubstr("there is no command \"lst\" (did you mean 'list'?);"));
  Tokenctl({"frobnicate"});
  EXPECT_THAT(err, HasSubstr("there is no command \"frobnicate\";"));
  Tokenctl({"delivery"});
  EXPECT_THAT(err, HasSubstr("a command is missing: list, get, redrive, drop;"));
}

TEST_F(CommandsTest, UsageErrorsExitWithTwo) {
  EXPECT_EQ(Tokenctl({}), kUsage);
  EXPECT_EQ(Tokenctl({"frobnicate"}), kUsage);
  EXPECT_EQ(Tokenctl({"issue", "--timeout", "soon"}), kUsage);
  EXPECT_EQ(Tokenctl({"issue", "-o", "xml"}), kUsage);
  EXPECT_EQ(Tokenctl({"get"}), kUsage);
  EXPECT_EQ(Tokenctl({"run", "tkA"}), kUsage);
}

TEST_F(CommandsTest, EveryCommandRefusesAFormatThatItDoesNotHaveBeforeItActs) {
  struct Case {
    std::vector<std::string> command;
    std::set<std::string> formats;
  };
  const std::set<std::string> json = {"table", "json", "jsonl"};
  const std::set<std::string> ids = {"table", "json", "jsonl", "id"};
  const std::set<std::string> tokens = {"table", "json", "jsonl", "token"};
  const std::set<std::string> issued = {"table", "json", "jsonl", "id", "token"};
  const std::set<std::string> outputs = {"table", "json", "jsonl", "id", "output"};
  const std::set<std::string> none;
  for (const Case& one : std::vector<Case>{{{"issue"}, issued},
                                           {{"succeed", "tkA"}, ids},
                                           {{"fail", "tkA"}, ids},
                                           {{"peek", "tkA"}, ids},
                                           {{"heartbeat", "tkA"}, json},
                                           {{"get", "tkA"}, outputs},
                                           {{"list"}, ids},
                                           {{"await", "tkA"}, outputs},
                                           {{"watch"}, ids},
                                           {{"cancel", "tkA"}, ids},
                                           {{"extend", "tkA", "--timeout", "1h"}, ids},
                                           {{"url", "tkA"}, tokens},
                                           {{"run", "tkA", "--", "true"}, none},
                                           {{"bulk"}, none},
                                           {{"delivery", "list"}, ids},
                                           {{"delivery", "get", "tkA"}, ids},
                                           {{"delivery", "redrive", "tkA"}, json},
                                           {{"delivery", "redrive", "--dead"}, json},
                                           {{"delivery", "drop", "tkA"}, ids},
                                           {{"delivery", "drop", "--dead"}, json},
                                           {{"backup", "/b"}, ids},
                                           {{"status"}, json},
                                           {{"profile", "ls"}, ids},
                                           {{"profile", "show"}, json},
                                           {{"help", "run"}, none},
                                           {{"completion", "bash"}, none}}) {
    for (const std::string format : {"table", "json", "jsonl", "id", "token", "output", "tokn", ""}) {
      SCOPED_TRACE(one.command.front() + " -o " + format);
      std::vector<std::string> arguments = {"-o", format};
      arguments.insert(arguments.end(), one.command.begin(), one.command.end());
      connections = 0;
      const int code = Tokenctl(arguments);
      if (one.formats.count(format) != 0) {
        EXPECT_NE(code, kUsage) << err;
        continue;
      }
      EXPECT_EQ(code, kUsage);
      EXPECT_THAT(err, HasSubstr("-o "));
      EXPECT_EQ(connections, 0);
      EXPECT_EQ(out, "");
    }
  }
}

TEST_F(CommandsTest, ALostResultIsNoSuccess) {
  output_is_full = true;
  EXPECT_EQ(Tokenctl({"issue", "-o", "token"}), kInternal);
  EXPECT_THAT(err, HasSubstr("standard output cannot be written"));
  EXPECT_EQ(Tokenctl({"--help"}), kInternal);
  broker.await = [](const v1::AwaitTaskRequest&, DurationMs) -> absl::StatusOr<v1::AwaitTaskResponse> {
    v1::AwaitTaskResponse response;
    *response.mutable_task() = TaskIn(v1::TASK_STATE_FAILED);
    return response;
  };
  EXPECT_EQ(Tokenctl({"await", "tkA"}), kTaskFailed) << "what happened to the task is known all the same";
  EXPECT_THAT(err, HasSubstr("standard output cannot be written"));
}

TEST_F(CommandsTest, HelpIsDataOnStandardOutput) {
  EXPECT_EQ(Tokenctl({"--help"}), 0);
  EXPECT_THAT(out, HasSubstr("succeed"));
  EXPECT_EQ(Tokenctl({"help", "exit-codes"}), 0);
  EXPECT_THAT(out, HasSubstr("11  await"));
  EXPECT_EQ(Tokenctl({"help", "profile", "ls"}), 0);
  EXPECT_THAT(out, HasSubstr("tokenctl profile ls"));
  EXPECT_EQ(Tokenctl({"help", "issue"}), 0);
  EXPECT_THAT(out, HasSubstr("-o must be table, json, jsonl, id or token"));
  EXPECT_EQ(Tokenctl({"help", "nothing"}), kUsage);
}

}  // namespace
}  // namespace tokenbroker::cli
