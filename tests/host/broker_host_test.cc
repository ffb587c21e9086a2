// The whole broker in this process, on real sockets and a real folder.
#include "server/host/broker_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/base/call_once.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "absl/synchronization/notification.h"
#include "base/failpoint.h"
#include "storage/log_entry.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "tests/outbound/fault_server.h"
#include "tests/testing/broker_client.h"
#include "tests/testing/http_get.h"
#include "tests/testing/temp_folder.h"
#include "tokenbroker/v1/delivery_service.grpc.pb.h"

namespace tokenbroker {
namespace {

using ::testing::HasSubstr;
using tokenbroker::testing::BrokerClient;

class BrokerHostTest : public ::testing::Test {
 protected:
  BrokerHostTest() {
    config_.grpc.listen = "127.0.0.1:0";
    config_.http.listen = "127.0.0.1:0";
    config_.admin.listen = "127.0.0.1:0";
    config_.storage.path = folder_ / "data";
    config_.limits.disk_free_min = 0;
  }

  void Open() {
    absl::StatusOr<std::unique_ptr<BrokerHost>> host = BrokerHost::Open(config_);
    ASSERT_TRUE(host.ok()) << host.status();
    host_ = *std::move(host);
    client_ = std::make_unique<BrokerClient>(absl::StrCat("127.0.0.1:", host_->grpc_port()));
  }
  void Close() {
    client_.reset();
    EXPECT_TRUE(host_->Close().ok());
    host_.reset();
  }
  std::string Ready() { return tokenbroker::testing::HttpGet(host_->admin_port(), "/readyz"); }

  v1::IssueTaskResponse Issue() {
    v1::IssueTaskRequest request;
    request.set_namespace_("host");
    v1::IssueTaskResponse response;
    const grpc::Status status = client_->Issue(request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  v1::Task Get(const std::string& token) {
    v1::Task task;
    const grpc::Status status = client_->Get(tokenbroker::testing::ByToken(token), task);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return task;
  }

  tokenbroker::testing::TempFolder folder_;
  Config config_;
  std::unique_ptr<BrokerHost> host_;
  std::unique_ptr<BrokerClient> client_;
};

TEST_F(BrokerHostTest, ServesWhenOpenReturnsAndNoMoreAfterClose) {
  Open();
  EXPECT_THAT(Ready(), HasSubstr(" 200 "));
  EXPECT_FALSE(Issue().token().empty());
  client_.reset();
  EXPECT_TRUE(host_->Close().ok());
  EXPECT_THAT(Ready(), HasSubstr(" 503 ")) << "the admin port answers to the end";
}

TEST_F(BrokerHostTest, WhatIsOpenedAgainHasTheTasksAndTheKeys) {
  Open();
  const v1::IssueTaskResponse issued = Issue();
  Close();
  Open();
  EXPECT_EQ(Get(issued.token()).task_id(), issued.task_id());
}

TEST_F(BrokerHostTest, KeysAreMadeForAnEmptyStoreAlone) {
  Open();
  const v1::IssueTaskResponse issued = Issue();
  Close();
  const std::string keys = config_.storage.path + "/token-keys.json";
  const std::string elsewhere = folder_ / "token-keys.json";
  std::filesystem::rename(keys, elsewhere);
  const absl::Status status = BrokerHost::Open(config_).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(keys));
  EXPECT_FALSE(std::filesystem::exists(keys));
  std::filesystem::rename(elsewhere, keys);
  Open();
  EXPECT_EQ(Get(issued.token()).task_id(), issued.task_id());
}

TEST_F(BrokerHostTest, CloseWritesALastCheckpoint) {
  Open();
  Issue();
  Close();
  storage::RocksDbOptions options;
  options.path = config_.storage.path + "/db";
  options.read_only = true;
  const auto store = storage::OpenRocksDbStore(options);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->LoadCheckpoint(0, [](uint64_t, std::string_view) {})->covers, *(*store)->LastSequence(0));
}

// A wall clock that was set back must not take the broker's time back across a restart.
TEST_F(BrokerHostTest, TimeDoesNotGoBackBehindTheNewestChange) {
  constexpr TimeMs kFarAhead = 4'000'000'000'000;
  Open();
  Close();
  storage::RocksDbOptions options;
  options.path = config_.storage.path + "/db";
  auto store = storage::OpenRocksDbStore(options);
  ASSERT_TRUE(store.ok()) << store.status();
  std::string bytes;
  storage::EncodeEntry(storage::ProgressEntry{kFarAhead, 1, ""}, bytes);
  ASSERT_TRUE((*store)->Append(0, {{2, bytes}}).ok());
  store->reset();
  Open();
  EXPECT_GE(tokenbroker::testing::ToMs(Get(Issue().token()).issued_at()), kFarAhead);
}

TEST_F(BrokerHostTest, WhatCannotBeOpenedSaysWhyAndLeavesNothingLocked) {
  Open();
  Config second = config_;
  second.storage.path = folder_ / "second";
  second.grpc.listen = absl::StrCat("127.0.0.1:", host_->grpc_port());
  const auto taken = BrokerHost::Open(second);
  EXPECT_TRUE(absl::IsUnavailable(taken.status()));
  EXPECT_THAT(std::string(taken.status().message()), HasSubstr(second.grpc.listen));
  second.grpc.listen = "127.0.0.1:0";
  EXPECT_TRUE(BrokerHost::Open(second).ok()) << "the folder is free again";
  std::ofstream(second.storage.path + "/token-keys.json") << "{";
  EXPECT_FALSE(BrokerHost::Open(second).ok());
}

// What settles files waits for answers, and must not be left waiting.
TEST_F(BrokerHostTest, AStartThatFailsEndsThoughFilesAreThere) {
  Open();
  Config second = config_;
  second.storage.path = folder_ / "second";
  second.http.listen = absl::StrCat("127.0.0.1:", host_->http_port());
  second.file_drop.name = "bank";
  second.file_drop.name_space = "host";
  second.file_drop.folder = folder_ / "inbox";
  std::filesystem::create_directories(second.file_drop.folder);
  std::ofstream(second.file_drop.folder + "/results.csv") << "key,output\nk,1\n";
  EXPECT_TRUE(absl::IsUnavailable(BrokerHost::Open(second).status()));
}

// An SQS with a queue that never ends.
class EndlessQueue {
 public:
  std::string url() const { return server_.url(); }
  // Messages are deleted when their tasks are stored.
  void AwaitStored() { stored_.WaitForNotification(); }

 private:
  outbound::Step Answer(const outbound::SeenRequest& request) {
    if (request.Field("X-Amz-Target") == "AmazonSQS.ReceiveMessage") return Message(++messages_);
    absl::call_once(once_, [this] { stored_.Notify(); });
    return outbound::Step::Answer(200, "{}");
  }
  static outbound::Step Message(int number) {
    return outbound::Step::Answer(
        200, absl::Substitute(
                 R"({"Messages":[{"MessageId":"m$0","ReceiptHandle":"r$0","Body":"{\"token\":\"t$0\"}"}]})", number));
  }

  std::atomic<int> messages_{0};
  absl::once_flag once_;
  absl::Notification stored_;
  // Last, so that nobody calls when the rest is gone.
  outbound::FaultServer server_{[this] {
    return outbound::Step::Decide([this](const outbound::SeenRequest& request) { return Answer(request); });
  }};
};

// What polls waits for answers, too. The failpoint is where nobody answers any more: whoever polls there still gets
// into it.
TEST_F(BrokerHostTest, AHostThatIsNotClosedEndsThoughMessagesCome) {
  setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
  EndlessQueue endless;
  QueueIntake& queue = config_.intake.queues.emplace_back();
  queue.name = "endless";
  queue.url = "https://sqs.eu-west-1.amazonaws.com/1/endless";
  queue.aws.endpoint = endless.url();
  queue.task.name_space = "host";
  queue.task.token = "$.token";
  Open();
  endless.AwaitStored();
  ArmFailpoints(*ParseFailpoints("stop.before_checkpoint=sleep:100ms"), 1);
  host_.reset();
  ArmFailpoints({}, 1);
}

TEST_F(BrokerHostTest, AnEngineMaySubscribeToItsTarget) {
  config_.targets = {{"engine", TargetKind::kSubscriber, {}}};
  Open();
  EXPECT_THAT(tokenbroker::testing::HttpGet(host_->admin_port(), "/metrics"),
              HasSubstr("tokenbroker_subscribers{target=\"engine\"} 0"));
  v1::IssueTaskRequest issue;
  issue.set_namespace_("host");
  issue.set_target("engine");
  v1::IssueTaskResponse issued;
  ASSERT_TRUE(client_->Issue(issue, issued).ok());
  v1::SucceedRequest succeed;
  *succeed.mutable_task() = tokenbroker::testing::ByToken(issued.token());
  succeed.set_output("1");
  v1::SucceedResponse succeeded;
  ASSERT_TRUE(client_->Succeed(succeed, succeeded).ok());

  const auto deliveries = v1::DeliveryService::NewStub(client_->channel());
  grpc::ClientContext context;
  client_->SetLimit(context);
  const auto stream = deliveries->Subscribe(&context);
  v1::SubscribeRequest request;
  request.set_target("engine");
  request.set_credit(1);
  stream->Write(request);
  v1::SubscribeResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.delivery().task_id(), issued.task_id());
  EXPECT_TRUE(host_->Close().ok()) << "with the stream open, and nothing answered";
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  host_.reset();

  Open();
  grpc::ClientContext again;
  client_->SetLimit(again);
  const auto resumed = v1::DeliveryService::NewStub(client_->channel())->Subscribe(&again);
  resumed->Write(request);
  ASSERT_TRUE(resumed->Read(&response));
  EXPECT_EQ(response.delivery().task_id(), issued.task_id());
  EXPECT_TRUE(response.delivery().may_have_arrived()) << "an orderly stop notes it";
  again.TryCancel();
  resumed->Finish();
}

TEST_F(BrokerHostTest, ASubscriberTargetHasNoSettings) {
  config_.targets = {{"engine", TargetKind::kSubscriber, {{"url", {"https://example.org"}}}}};
  const auto host = BrokerHost::Open(config_);
  EXPECT_TRUE(absl::IsInvalidArgument(host.status()));
  EXPECT_THAT(std::string(host.status().message()), HasSubstr("targets.engine"));
}

TEST_F(BrokerHostTest, InMemoryNothingIsWritten) {
  config_.storage.backend = StorageBackend::kMemory;
  Open();
  EXPECT_EQ(Get(Issue().token()).state(), v1::TASK_STATE_WAITING);
  EXPECT_FALSE(std::filesystem::exists(config_.storage.path));
  Close();
}

}  // namespace
}  // namespace tokenbroker
