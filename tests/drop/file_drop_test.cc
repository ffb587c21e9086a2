// The file drop over a broker in memory whose clock moves when a test says so.
#include "server/drop/file_drop.h"

#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "server/calls/authenticator.h"
#include "server/drop/door_settler.h"
#include "server/telemetry/log.h"
#include "tests/drop/folder.h"
#include "tests/testing/broker_harness.h"

namespace tokenbroker::drop {
namespace {

using broker::BrokerHarness;
using broker::Issued;
using broker::Ref;
using storage::TaskState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Answers as the broker does until the test pulls the plug: from then on the answer of a batch is lost, and the drop
// with it.
class UnpluggedSettler : public Settler {
 public:
  explicit UnpluggedSettler(Settler& real) : real_(real) {}
  v1::BatchGetTasksResponse FindTasks(const v1::BatchGetTasksRequest& keys) override { return real_.FindTasks(keys); }
  void Settle(const Items& items, Results* results) override {
    rows += items.size();
    real_.Settle(items, results);
    if (batches_left-- > 0) return;
    for (v1::SettlementResult& result : *results) {
      result.mutable_error()->set_reason(v1::ERROR_REASON_DRAINING);
    }
    if (on_pulled) on_pulled();
  }

  int rows = 0;
  int batches_left = 1'000'000;
  std::function<void()> on_pulled;

 private:
  Settler& real_;
};

class FileDropTest : public ::testing::Test {
 protected:
  FileDropTest() {
    LogOptions options;
    options.sink = [this](std::string_view line) { log_ += line; };
    ConfigureLog(std::move(options));
    config_.folder = files_.path();
    config_.name_space = "orders";
    Restart();
  }
  ~FileDropTest() override { ConfigureLog({}); }

  void Restart() {
    drop_.reset();
    drop_ = std::make_unique<FileDrop>(FileDrop::Parts{settler_, broker_.clock(), metrics_}, config_);
  }
  // Two looks, with the settling time in between.
  void Look() {
    drop_->Look();
    broker_.clock().Advance(config_.settle_time);
    drop_->Look();
  }
  Issued Issue(const std::string& key, const std::string& name_space = "orders") {
    return broker_.Issue({.name_space = name_space, .correlation_key = key});
  }
  // A CSV of keys that all succeed.
  static std::string Keys(int count, const std::string& prefix) {
    std::string text = "key,outcome\n";
    for (int i = 0; i < count; ++i) absl::StrAppend(&text, prefix, i, ",succeed\n");
    return text;
  }
  std::string Results(const std::string& name) { return files_.Read("done/" + name + ".results.csv"); }

  TestFolder files_;
  std::string log_;
  BrokerHarness broker_;
  MetricsRegistry registry_;
  BrokerMetrics metrics_{registry_};
  calls::Authenticator authenticator_{AuthConfig{}};
  calls::Door door_{broker_.broker(), authenticator_, metrics_};
  broker::Principal caller_ = calls::MakePrincipal("drop:files", {{"orders", kResolve | kRead}});
  DoorSettler real_settler_{door_, caller_, [this] { broker_.Run(); }};
  UnpluggedSettler settler_{real_settler_};
  FileDropConfig config_;
  std::unique_ptr<FileDrop> drop_;
};

TEST_F(FileDropTest, SettlesTheRowsAndPutsTheFileAwayWithItsResults) {
  const Issued good = Issue("order-1"), bad = Issue("order-2");
  files_.Put("a.csv", absl::StrCat("token,key,outcome,output,error\n", good.token, ",,succeed,\"{\"\"n\"\": 1}\",\n",
                                   ",order-2,fail,,Rejected\n,order-3,maybe,,\n"));
  Look();
  EXPECT_EQ(broker_.Get(good).output, "{\"n\": 1}");
  EXPECT_EQ(broker_.Get(good).resolved_by, "drop:files");
  EXPECT_EQ(broker_.Get(bad).error, "Rejected");
  EXPECT_THAT(files_.In("done"), ElementsAre("a.csv", "a.csv.results.csv"));
  EXPECT_EQ(Results("a.csv"),
            absl::StrCat("line,verdict,task_id,reason,message,resumed\n2,ACCEPTED,", good.id, ",,,\n3,ACCEPTED,",
                         bad.id, ",,,\n4,REFUSED,,INVALID_FIELD,\"\"\"outcome\"\" must be succeed or fail\",\n"));
  EXPECT_THAT(files_.In(".work"), IsEmpty());
  EXPECT_EQ(metrics_.drop_files(DropEnding::kDone).Value(), 1u);
  EXPECT_EQ(metrics_.drop_rows(SettleVerdict::kAccepted).Value(), 2u);
  EXPECT_EQ(metrics_.drop_rows(SettleVerdict::kRefused).Value(), 1u);
  EXPECT_THAT(log_, HasSubstr("drop_file_done"));
  EXPECT_THAT(log_, Not(HasSubstr(good.token)));
}

TEST_F(FileDropTest, SettlesLinesOfJson) {
  const Issued task = Issue("order-1");
  files_.Put("a.jsonl", absl::StrCat("{\"task_id\":\"", task.id, "\",\"output\":[1.0]}"));
  Look();
  EXPECT_EQ(broker_.Get(task).output, "[1.0]");
  EXPECT_EQ(files_.Read("done/a.jsonl.results.jsonl"),
            absl::StrCat("{\"line\":1,\"verdict\":\"ACCEPTED\",\"task_id\":\"", task.id, "\"}\n"));
}

TEST_F(FileDropTest, AFileThatStillGrowsIsLeftAlone) {
  const Issued task = Issue("order-1");
  std::string text = "key,outcome\n";
  for (int i = 0; i < 5; ++i) {
    files_.Put("a.csv", text += "order-1,succ");
    drop_->Look();
    broker_.clock().Advance(config_.settle_time - 1);
    drop_->Look();
  }
  EXPECT_TRUE(files_.Has("a.csv"));
  files_.Put("a.csv", "key,outcome\norder-1,succeed\n");
  Look();
  EXPECT_EQ(broker_.Get(task).state, TaskState::kSucceeded);
}

TEST_F(FileDropTest, HasRightsInItsNamespaceOnly) {
  const Issued elsewhere = Issue("order-1", "billing");
  files_.Put("a.csv", "namespace,key,outcome\nbilling,order-1,succeed\n");
  Look();
  EXPECT_THAT(Results("a.csv"), HasSubstr("PERMISSION_DENIED"));
  EXPECT_EQ(broker_.Get(elsewhere).state, TaskState::kWaiting);
}

TEST_F(FileDropTest, AFileThatCannotBeReadToItsEndFails) {
  const Issued task = Issue("order-1");
  files_.Put("a.csv", "key,output\norder-1,1\norder-2,\"2\n");
  files_.Put("b.csv", "nonsense\n");
  Look();
  EXPECT_EQ(broker_.Get(task).state, TaskState::kSucceeded);
  EXPECT_THAT(files_.In("failed"), ElementsAre("a.csv", "a.csv.results.csv", "b.csv", "b.csv.results.csv"));
  EXPECT_THAT(files_.Read("failed/a.csv.results.csv"),
              HasSubstr("\n3,REFUSED,,INVALID_FIELD,\"line 3, column 9: the quote"));
  EXPECT_THAT(files_.Read("failed/b.csv.results.csv"), HasSubstr("\"\"nonsense\"\" is no column"));
  EXPECT_EQ(metrics_.drop_files(DropEnding::kFailed).Value(), 2u);
}

TEST_F(FileDropTest, AFileThatIsTooLargeFailsUnread) {
  config_.max_file_size = 10;
  Restart();
  files_.Put("a.csv", "key,outcome\norder-1,succeed\n");
  Look();
  EXPECT_EQ(settler_.rows, 0);
  EXPECT_THAT(files_.Read("failed/a.csv.results.csv"), HasSubstr("file_drop.max_file_size"));
}

TEST_F(FileDropTest, AnEmptyFileIsDone) {
  files_.Put("a.csv", "");
  Look();
  EXPECT_EQ(Results("a.csv"), "line,verdict,task_id,reason,message,resumed\n");
}

TEST_F(FileDropTest, GoesOnWhereItWasStopped) {
  for (int i = 0; i < 1'200; ++i) Issue(absl::StrCat("k", i));
  files_.Put("a.csv", Keys(1'200, "k"));
  // The answers of the second batch are lost, and the drop is stopped before it asks again.
  settler_.batches_left = 1;
  settler_.on_pulled = [this] { drop_->Stop(); };
  Look();
  EXPECT_EQ(settler_.rows, 1'000);
  EXPECT_THAT(files_.In(".work"), ElementsAre("a.csv", "a.csv.part"));
  // Meanwhile a new task has got the key of a row whose answer was lost.
  const Issued newer = Issue("k700");
  settler_.batches_left = 1'000'000;
  settler_.rows = 0;
  Restart();
  drop_->Look();
  EXPECT_EQ(settler_.rows, 700);
  EXPECT_EQ(broker_.Get(newer).state, TaskState::kWaiting) << "an old row settled a newer task";
  const std::string results = Results("a.csv");
  EXPECT_EQ(std::count(results.begin(), results.end(), '\n'), 1'201);
  EXPECT_EQ(metrics_.drop_rows(SettleVerdict::kAccepted).Value(), 700u);
  EXPECT_EQ(metrics_.drop_rows(SettleVerdict::kReplayed).Value(), 500u);
  EXPECT_THAT(results, HasSubstr("\n502,REPLAYED,"));
  EXPECT_THAT(files_.In(".work"), IsEmpty());
}

TEST_F(FileDropTest, FinishesWhatWasPublishedButNotPutAway) {
  Issue("k0");
  files_.Put("a.csv", Keys(1, "k"));
  Look();
  std::filesystem::rename(files_.At("done/a.csv"), files_.At(".work/a.csv"));
  const std::string results = Results("a.csv");
  Restart();
  drop_->Look();
  EXPECT_EQ(settler_.rows, 1);
  EXPECT_THAT(files_.In("done"), ElementsAre("a.csv", "a.csv.results.csv"));
  EXPECT_EQ(Results("a.csv"), results);
}

TEST_F(FileDropTest, TroubleIsToldOnce) {
  std::filesystem::create_symlink("/etc/passwd", files_.At("a.csv"));
  for (int i = 0; i < 5; ++i) Look();
  EXPECT_EQ(log_.find("drop_trouble"), log_.rfind("drop_trouble"));
  EXPECT_THAT(log_, HasSubstr("is not a regular file"));
}

TEST_F(FileDropTest, AFolderThatComesLaterIsWatchedThen) {
  config_.folder = files_.At("later");
  Restart();
  Look();
  EXPECT_THAT(log_, HasSubstr("cannot open the folder"));
  std::filesystem::create_directory(config_.folder);
  files_.Put("later/a.csv", "key,outcome\n");
  Look();
  EXPECT_TRUE(files_.Has("later/done/a.csv"));
}

}  // namespace
}  // namespace tokenbroker::drop
