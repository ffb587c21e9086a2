#include "tests/e2e/fixture.h"

#include <signal.h>

#include <cstdlib>
#include <filesystem>

#include "tests/testing/temp_folder.h"
#include "tests/testing/text_file.h"

namespace tokenbroker::testing {

std::string BrokerBinary() {
  const char* other = std::getenv("E2E_BROKER_BINARY");
  return other != nullptr ? other : TOKENBROKER_BINARY;
}

BrokerTest::BrokerTest() {
  broker_.binary = BrokerBinary();
  broker_.folder = MakeTemporaryFolder("e2e");
}

BrokerTest::~BrokerTest() {
  if (HasFailure()) std::fprintf(stderr, "End of the broker's log:\n%s\n", TailOf(broker_.log()).c_str());
  client_.reset();
  process_.reset();
  std::filesystem::remove_all(broker_.folder);
}

void BrokerTest::Start(const std::vector<std::string>& flags) {
  broker_.flags = flags;
  client_.reset();
  absl::StatusOr<std::unique_ptr<BrokerProcess>> process = BrokerProcess::Start(broker_);
  ASSERT_TRUE(process.ok()) << process.status().message();
  process_ = *std::move(process);
  client_ = std::make_unique<BrokerClient>(process_->address());
}

int BrokerTest::Stop() {
  process_->Signal(SIGTERM);
  const std::optional<int> end = process_->WaitForEnd(20'000);
  EXPECT_TRUE(end.has_value()) << "SIGTERM did not end the broker";
  return end.value_or(-1);
}

void BrokerTest::Kill() { process_->Kill(); }

v1::IssueTaskResponse BrokerTest::Issue(const std::string& name_space, DurationMs timeout) {
  v1::IssueTaskRequest request;
  request.set_namespace_(name_space);
  *request.mutable_timeout() = ToDuration(timeout);
  v1::IssueTaskResponse response;
  const grpc::Status status = client().Issue(request, response);
  EXPECT_TRUE(status.ok()) << Describe(status);
  return response;
}

std::vector<v1::IssueTaskResponse> BrokerTest::IssueMany(size_t count, const std::string& name_space) {
  std::vector<v1::IssueTaskResponse> issued;
  while (issued.size() < count) {
    v1::BatchIssueTasksRequest request;
    for (size_t i = issued.size(); i < std::min(count, issued.size() + 1000); ++i)
      request.add_items()->set_namespace_(name_space);
    v1::BatchIssueTasksResponse response;
    const grpc::Status status =
        client().Call(client().tasks(), &v1::TaskService::Stub::BatchIssueTasks, request, response);
    EXPECT_TRUE(status.ok()) << Describe(status);
    if (!status.ok()) break;
    for (const auto& item : response.items()) issued.push_back(item.issued());
  }
  return issued;
}

grpc::Status BrokerTest::SucceedWith(const std::string& token, const std::string& output) {
  v1::SucceedRequest request;
  *request.mutable_task() = ByToken(token);
  request.set_output(output);
  v1::SucceedResponse response;
  return client().Succeed(request, response);
}

v1::Task BrokerTest::Get(const std::string& token) {
  v1::Task task;
  const grpc::Status status = client().Get(ByToken(token), task);
  EXPECT_TRUE(status.ok()) << Describe(status);
  return task;
}

}  // namespace tokenbroker::testing
