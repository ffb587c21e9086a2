// The client against a gRPC service in this process.
#include "cli/client.h"

#include <gmock/gmock.h>
#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "cli/error.h"
#include "cli/exit_code.h"
#include "google/rpc/error_details.pb.h"
#include "tokenbroker/v1/resolver_service.grpc.pb.h"
#include "tokenbroker/v1/task_service.grpc.pb.h"

namespace tokenbroker::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Resolver : public v1::ResolverService::Service {
 public:
  grpc::Status Succeed(grpc::ServerContext* context, const v1::SucceedRequest*, v1::SucceedResponse*) override {
    const auto found = context->client_metadata().find("authorization");
    if (found != context->client_metadata().end()) authorization = {found->second.data(), found->second.size()};
    context->AddTrailingMetadata("x-request-id", "req-7");
    google::rpc::ErrorInfo info;
    info.set_reason("TASK_EXPIRED");
    google::rpc::Status status;
    status.add_details()->PackFrom(info);
    return {grpc::StatusCode::FAILED_PRECONDITION, "too late", status.SerializeAsString()};
  }

  grpc::Status SettleStream(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::SettleStreamResponse, v1::SettleStreamRequest>* stream) override {
    v1::SettleStreamRequest batch;
    while (stream->Read(&batch)) {
      v1::SettleStreamResponse answer;
      answer.set_batch_id(batch.batch_id());
      for (int i = 0; i < batch.items_size(); ++i) answer.add_items()->set_verdict(v1::VERDICT_ACCEPTED);
      if (!stream->Write(answer)) break;
      if (batch.batch_id() == 2) return {grpc::StatusCode::UNAVAILABLE, "draining"};
    }
    return grpc::Status::OK;
  }

  std::string authorization;
};

class Tasks : public v1::TaskService::Service {
 public:
  grpc::Status WatchTasks(grpc::ServerContext*, const v1::WatchTasksRequest* request,
                          grpc::ServerWriter<v1::WatchTasksResponse>* writer) override {
    v1::WatchTasksResponse change;
    change.set_cursor(request->cursor() + "+1");
    writer->Write(change);
    return {grpc::StatusCode::UNAVAILABLE, "draining"};
  }
};

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&resolver_);
    builder.RegisterService(&tasks_);
    server_ = builder.BuildAndStart();
    settings_.address = "127.0.0.1:" + std::to_string(port);
  }

  Resolver resolver_;
  Tasks tasks_;
  std::unique_ptr<grpc::Server> server_;
  Settings settings_;
};

TEST_F(ClientTest, ErrorsCarryReasonAndRequestId) {
  const auto client = Connect(settings_);
  ASSERT_TRUE(client.ok());
  const absl::Status error = (*client)->Succeed({}, 5'000).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(error.message(), "too late");
  EXPECT_EQ(DetailsOf(error).reason, v1::ERROR_REASON_TASK_EXPIRED);
  EXPECT_EQ(DetailsOf(error).request_id, "req-7");
}

TEST_F(ClientTest, ARequestBeyondWhatTheBrokerReadsIsNotWorthAnotherTry) {
  v1::SucceedRequest request;
  request.set_output(std::string(size_t{5} << 20, '1'));
  const absl::Status error = (*Connect(settings_))->Succeed(request, 5'000).status();
  EXPECT_EQ(ExitCodeFor(error), kUsage) << error;
  EXPECT_FALSE(IsRetryable(error));
  EXPECT_THAT(std::string(error.message()), HasSubstr("reads at most 4194304 (its setting grpc.max_message_size)"));
}

TEST_F(ClientTest, EveryServiceIsAsked) {
  // This server has no such services: the answer comes from it nevertheless.
  EXPECT_TRUE(absl::IsUnimplemented((*Connect(settings_))->ListDeliveries({}, 5'000).status()));
  EXPECT_TRUE(absl::IsUnimplemented((*Connect(settings_))->Status(5'000).status()));
}

TEST_F(ClientTest, TheApiKeyTravelsAsABearerToken) {
  settings_.api_key = "k1";
  (*Connect(settings_))->Succeed({}, 5'000).IgnoreError();
  EXPECT_EQ(resolver_.authorization, "Bearer k1");
}

TEST_F(ClientTest, AStreamAnswersInOrderAndTellsWhyItBroke) {
  const auto client = *Connect(settings_);
  const auto stream = client->Settle();
  for (uint64_t id = 1; id <= 2; ++id) {
    v1::SettleStreamRequest batch;
    batch.set_batch_id(id);
    batch.add_items();
    EXPECT_TRUE(stream->Write(batch));
  }
  EXPECT_EQ(stream->Read(5'000)->batch_id(), 1u);
  EXPECT_EQ(stream->Read(5'000)->batch_id(), 2u);
  EXPECT_EQ(stream->Read(5'000).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(ClientTest, AnAbandonedStreamEndsAtOnce) {
  const auto client = *Connect(settings_);
  EXPECT_EQ(client->Settle()->Read(1).status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(ClientTest, AWatchGivesChangesAndItsEnd) {
  const auto client = *Connect(settings_);
  v1::WatchTasksRequest request;
  request.set_cursor("c");
  const auto stream = client->Watch(request);
  EXPECT_EQ(stream->Read()->cursor(), "c+1");
  EXPECT_EQ(stream->Read().status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(ClientTest, AKeyFileHoldsOneWord) {
  settings_.api_key_file = ::testing::TempDir() + "tokenctl_api_key";
  std::ofstream(settings_.api_key_file) << "\xEF\xBB\xBFk1\r\n";
  (*Connect(settings_))->Succeed({}, 5'000).IgnoreError();
  EXPECT_EQ(resolver_.authorization, "Bearer k1");
  for (const std::string text : {"sec\nret\n", "sec\tret", "sec\xFFret", "sec\x01ret"}) {
    std::ofstream(settings_.api_key_file) << text;
    const absl::Status error = Connect(settings_).status();
    EXPECT_EQ(error.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(error.message()), HasSubstr(settings_.api_key_file));
    EXPECT_THAT(std::string(error.message()), Not(HasSubstr("sec")));
  }
  std::remove(settings_.api_key_file.c_str());
}

TEST(QuietLibraries, WriteToStandardErrorOnlyWhereItIsAsked) {
  const auto talk = [](const std::optional<std::string>& verbosity) {
    QuietLibraries([&](const std::string&) { return verbosity; });
    v1::SucceedRequest request;
    request.set_request_id("\xFF");
    ::testing::internal::CaptureStderr();
    gpr_log(GPR_ERROR, "gRPC talks");
    request.SerializeAsString();
    return ::testing::internal::GetCapturedStderr();
  };
  EXPECT_THAT(talk("error"), AllOf(HasSubstr("gRPC talks"), HasSubstr("UTF-8")));
  EXPECT_EQ(talk(std::nullopt), "");
  gpr_set_log_function(nullptr);
}

TEST_F(ClientTest, AMissingKeyFileIsAnError) {
  settings_.api_key_file = "/no/such/key";
  EXPECT_EQ(Connect(settings_).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tokenbroker::cli
