// Watches: every change once, in order, from any cursor.
#include "server/telemetry/log.h"
#include "tests/rpc/door_fixture.h"

namespace tokenbroker::rpc {
namespace {

class WatchTest : public DoorFixture {
 protected:
  struct Watch {
    std::unique_ptr<grpc::ClientContext> context;
    std::unique_ptr<grpc::ClientReader<pb::WatchTasksResponse>> reader;

    pb::WatchTasksResponse Next() {
      pb::WatchTasksResponse response;
      EXPECT_TRUE(reader->Read(&response));
      return response;
    }
    grpc::Status End() {
      pb::WatchTasksResponse response;
      while (reader->Read(&response)) {
      }
      return reader->Finish();
    }
  };

  Watch Begin(const std::string& cursor, const std::string& name_space = "demo") {
    pb::WatchTasksRequest request;
    request.set_namespace_(name_space);
    request.set_cursor(cursor);
    Watch watch{Context(), nullptr};
    watch.reader = tasks_->WatchTasks(watch.context.get(), request);
    return watch;
  }

  std::string Cursor() {
    pb::ListTasksRequest request;
    request.set_namespace_("demo");
    pb::ListTasksResponse response;
    EXPECT_TRUE(Call(*tasks_, &pb::TaskService::Stub::ListTasks, request, &response).ok());
    return response.watch_cursor();
  }
};

class BoundedWatchTest : public WatchTest {
 protected:
  void Prepare(calls::Door& door) override { door.max_watches = 2; }
};

TEST_F(WatchTest, ChangesComeInOrder) {
  Watch watch = Begin(Cursor());
  const auto issued = IssueWithKey("order-1");
  ASSERT_TRUE(Succeed(ByToken(issued.token()), "1").ok());
  const auto first = watch.Next();
  EXPECT_EQ(first.kind(), pb::WatchTasksResponse::KIND_ISSUED);
  EXPECT_EQ(first.task().state(), pb::TASK_STATE_WAITING);
  const auto second = watch.Next();
  EXPECT_EQ(second.kind(), pb::WatchTasksResponse::KIND_RESOLVED);
  EXPECT_EQ(second.task().state(), pb::TASK_STATE_SUCCEEDED);
  watch.context->TryCancel();
  EXPECT_EQ(watch.End().error_code(), grpc::CANCELLED);
}

TEST_F(WatchTest, ResumesBehindTheCursorOfTheLastChange) {
  const std::string begin = Cursor();
  for (int i = 0; i < 100; ++i) IssueWithKey("k" + std::to_string(i));
  std::string cursor = begin;
  for (int i = 0; i < 100; i += 10) {
    Watch watch = Begin(cursor);
    for (int j = i; j < i + 10; ++j) {
      const auto change = watch.Next();
      EXPECT_EQ(change.task().correlation_key(), "k" + std::to_string(j));
      cursor = change.cursor();
    }
    watch.context->TryCancel();
    watch.End();
  }
}

TEST_F(WatchTest, OtherNamespacesAreNotSeen) {
  Watch watch = Begin(Cursor());
  pb::IssueTaskRequest other;
  other.set_namespace_("other");
  Issue(other);
  IssueWithKey("mine");
  EXPECT_EQ(watch.Next().task().correlation_key(), "mine");
  watch.context->TryCancel();
  watch.End();
}

TEST_F(WatchTest, ACursorTellsHowFarAQuietWatchIs) {
  Watch watch = Begin(Cursor());
  IssueWithKey("mine");
  watch.Next();  // it is under way
  clock_.Advance(11'000);
  pb::IssueTaskRequest other;
  other.set_namespace_("other");
  Issue(other);
  const auto change = watch.Next();
  EXPECT_EQ(change.kind(), pb::WatchTasksResponse::KIND_CURSOR);
  EXPECT_EQ(change.cursor(), Cursor());
  watch.context->TryCancel();
  watch.End();
}

TEST_F(WatchTest, ACursorThatIsNoneAndOneFromTheFutureAreRefused) {
  EXPECT_EQ(ReasonOf(Begin("nonsense").End()), "INVALID_FIELD");
  EXPECT_EQ(ReasonOf(Begin("c00000000ffffffff").End()), "CURSOR_EXPIRED");
}

TEST_F(BoundedWatchTest, MoreWatchesThanMayBeAreRefused) {
  Watch first = Begin(Cursor()), second = Begin(Cursor());
  IssueWithKey("one");
  first.Next();
  second.Next();
  std::string log;
  ConfigureLog({.sink = [&log](std::string_view line) { log += line; }});
  EXPECT_EQ(ReasonOf(Begin("").End()), "OVERLOADED");
  ConfigureLog({});
  EXPECT_NE(log.find(R"("event":"overloaded","queue":"watches")"), std::string::npos) << log;
  first.context->TryCancel();
  first.End();
  second.context->TryCancel();
  second.End();
}

}  // namespace
}  // namespace tokenbroker::rpc
