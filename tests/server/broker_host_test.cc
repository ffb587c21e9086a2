// The whole broker in this process, on real sockets and a real folder.
#include "server/broker_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "storage/log_entry.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "tests/crash/broker_client.h"
#include "tests/crash/broker_process.h"
#include "tests/testing/store_folder.h"

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
  std::filesystem::create_directories(config_.storage.path);
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

TEST_F(BrokerHostTest, InMemoryNothingIsWritten) {
  config_.storage.backend = StorageBackend::kMemory;
  Open();
  EXPECT_EQ(Get(Issue().token()).state(), v1::TASK_STATE_WAITING);
  EXPECT_FALSE(std::filesystem::exists(config_.storage.path));
  Close();
}

}  // namespace
}  // namespace tokenbroker
