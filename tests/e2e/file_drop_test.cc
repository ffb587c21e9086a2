// Files of outcomes, given to the real broker and to the real tokenctl, which are killed at every step.
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/fixture.h"
#include "tests/testing/child_process.h"
#include "tests/testing/http_get.h"
#include "tests/testing/text_file.h"

namespace tokenbroker::testing {
namespace {

class FileDropTest : public BrokerTest {
 protected:
  FileDropTest() { std::filesystem::create_directories(drop()); }

  std::string drop() const { return folder() + "/drop"; }
  void StartWatching(const std::string& failpoints = "") {
    broker_.environment["TOKENBROKER_FAILPOINTS"] = failpoints;
    Start({"--file-drop-folder", drop(), "--file-drop-namespace", "e2e", "--file-drop-interval", "20ms",
           "--file-drop-settle-time", "50ms"});
  }
  // Issues a task under each key.
  void IssueKeys(int count) {
    v1::BatchIssueTasksRequest request;
    for (int i = 0; i < count; ++i) {
      auto* item = request.add_items();
      item->set_namespace_("e2e");
      item->set_correlation_key("k" + std::to_string(i));
    }
    v1::BatchIssueTasksResponse response;
    ASSERT_TRUE(client().Call(client().tasks(), &v1::TaskService::Stub::BatchIssueTasks, request, response).ok());
    for (const auto& item : response.items()) ids_.push_back(item.issued().task_id());
  }
  std::string Rows(int count) const {
    std::string text = "key,outcome,output\n";
    for (int i = 0; i < count; ++i) text += "k" + std::to_string(i) + ",succeed," + std::to_string(i) + "\n";
    return text;
  }
  // As a careful producer does it.
  void Put(const std::string& name, const std::string& text) const {
    std::ofstream(drop() + "/." + name) << text;
    std::filesystem::rename(drop() + "/." + name, drop() + "/" + name);
  }
  static bool Becomes(const std::function<bool()>& right) {
    for (const TimeMs until = NowMs() + 30'000; NowMs() < until;) {
      if (right()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
  bool Appears(const std::string& path) {
    return Becomes([&path] { return std::filesystem::exists(path); });
  }
  bool MetricsShow(const std::string& line) {
    return Becomes([&] { return HttpGet(process().admin_port(), "/metrics").find(line) != std::string::npos; });
  }
  // Every row has one verdict, that of the task which had its key first; nothing else was changed.
  void ExpectAllSettled(const std::string& results, int count) {
    std::ifstream file(results);
    std::string line;
    std::getline(file, line);
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(std::getline(file, line)) << "row " << i << " has no verdict";
      const std::string row = std::to_string(i + 2);
      EXPECT_TRUE(line == row + ",ACCEPTED," + ids_[i] + ",,," || line == row + ",REPLAYED," + ids_[i] + ",,,true")
          << line;
    }
    EXPECT_FALSE(std::getline(file, line)) << line;
    for (int i = 0; i < count; ++i) {
      v1::Task task;
      ASSERT_TRUE(client().Get(ById(ids_[i]), task).ok());
      EXPECT_EQ(task.outcome().output(), std::to_string(i));
    }
  }

  std::vector<std::string> ids_;
};

TEST_F(FileDropTest, AFileIsSettledAndPutAwayWithItsResults) {
  StartWatching();
  IssueKeys(10);
  Put("a.csv", Rows(10));
  ASSERT_TRUE(Appears(drop() + "/done/a.csv"));
  ExpectAllSettled(drop() + "/done/a.csv.results.csv", 10);
  // The file is counted when it has been put away.
  EXPECT_TRUE(MetricsShow("tokenbroker_drop_files_total{result=\"done\"} 1\n"));
  EXPECT_TRUE(MetricsShow("tokenbroker_drop_rows_total{verdict=\"accepted\"} 10\n"));
  EXPECT_EQ(Stop(), 0);
}

TEST_F(FileDropTest, AHalfWrittenFileIsNotTaken) {
  StartWatching();
  IssueKeys(3);
  std::ofstream writer(drop() + "/a.csv");
  writer << Rows(2) << std::flush;
  // Another file goes through several looks meanwhile.
  Put("b.jsonl", "{\"key\":\"k2\",\"output\":2}\n");
  ASSERT_TRUE(Appears(drop() + "/done/b.jsonl"));
  EXPECT_TRUE(std::filesystem::exists(drop() + "/a.csv"));
  writer << "k2,succeed,2\n";
  writer.close();
  ASSERT_TRUE(Appears(drop() + "/done/a.csv"));
  EXPECT_NE(ReadFileOr(drop() + "/done/a.csv.results.csv", "").find("\n4,REPLAYED,"), std::string::npos);
}

TEST_F(FileDropTest, KilledAtAnyStepNothingIsLostNorSettledTwice) {
  constexpr int kRows = 1'000;  // two batches
  for (const char* step :
       {"drop.taken", "drop.before_settle", "drop.before_settle=crash@2", "drop.settled", "drop.settled=crash@2",
        "drop.recorded", "drop.recorded=crash@2", "drop.before_publish", "drop.published", "drop.journal_removed"}) {
    SCOPED_TRACE(step);
    const std::string spec = std::string(step).find('=') == std::string::npos ? std::string(step) + "=crash" : step;
    std::filesystem::remove_all(drop());
    std::filesystem::create_directories(drop());
    ids_.clear();
    StartWatching(spec);
    IssueKeys(kRows);
    Put("a.csv", Rows(kRows));
    ASSERT_TRUE(process().WaitForEnd(30'000).has_value()) << "the failpoint was not hit";
    Start();
    // A newer task under each key that is free again, which no row is meant for.
    v1::BatchIssueTasksRequest request;
    for (int i = 0; i < kRows; ++i) {
      request.add_items()->set_namespace_("e2e");
      request.mutable_items(i)->set_correlation_key("k" + std::to_string(i));
    }
    v1::BatchIssueTasksResponse newer;
    // Before anything is bound to its task, the newer one would be the one that the row means.
    if (spec != "drop.taken=crash") {
      ASSERT_TRUE(client().Call(client().tasks(), &v1::TaskService::Stub::BatchIssueTasks, request, newer).ok());
    }
    EXPECT_EQ(Stop(), 0);
    StartWatching();
    ASSERT_TRUE(Appears(drop() + "/done/a.csv"));
    ExpectAllSettled(drop() + "/done/a.csv.results.csv", kRows);
    for (const auto& item : newer.items()) {
      if (!item.has_issued()) continue;
      v1::Task task;
      ASSERT_TRUE(client().Get(ById(item.issued().task_id()), task).ok());
      EXPECT_EQ(task.state(), v1::TASK_STATE_WAITING) << "settled by an old row: " << task.correlation_key();
    }
    EXPECT_TRUE(std::filesystem::is_empty(drop() + "/.work") || !std::filesystem::exists(drop() + "/.work/a.csv"));
    EXPECT_EQ(Stop(), 0);
    std::filesystem::remove_all(broker_.data());
  }
}

TEST_F(FileDropTest, TokenctlGoesOnWhereItWasKilled) {
  Start();
  constexpr int kRows = 1'000;
  IssueKeys(kRows);
  const std::string file = folder() + "/a.csv";
  std::ofstream(file) << Rows(kRows);
  const std::string bulk = std::string(TOKENCTL_BINARY) +
                           " --address localhost:" + std::to_string(process().grpc_port()) +
                           " --namespace e2e bulk --batch 10 " + file;
  // Killed after ever longer times, until it is through before.
  int runs = 0;
  for (int ms = 5; !std::filesystem::exists(file + ".results.csv"); ms += 5, ++runs) {
    RunCommand({"timeout", "-s", "KILL", std::to_string(ms / 1000.0), "sh", "-c", "exec " + bulk});
    ASSERT_LT(runs, 1'000);
  }
  ExpectAllSettled(file + ".results.csv", kRows);
}

}  // namespace
}  // namespace tokenbroker::testing
