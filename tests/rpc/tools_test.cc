// What tools use: health and reflection.
#include <grpcpp/generic/generic_stub.h>

#include <set>

#include "google/protobuf/descriptor.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "tests/rpc/door_fixture.h"

namespace tokenbroker::rpc {
namespace {

namespace health = grpc::health::v1;
namespace reflection = grpc::reflection::v1;

class ToolsTest : public DoorFixture {
 protected:
  void SetUp() override {
    DoorFixture::SetUp();
    health_ = health::Health::NewStub(server_->InProcessChannel());
    reflection_ = reflection::ServerReflection::NewStub(server_->InProcessChannel());
  }

  grpc::Status Check(const std::string& service, health::HealthCheckResponse* response) {
    health::HealthCheckRequest request;
    request.set_service(service);
    return health_->Check(Context().get(), request, response);
  }

  reflection::ServerReflectionResponse Ask(const reflection::ServerReflectionRequest& request) {
    const auto context = Context();
    const auto stream = reflection_->ServerReflectionInfo(context.get());
    reflection::ServerReflectionResponse response;
    EXPECT_TRUE(stream->Write(request));
    EXPECT_TRUE(stream->Read(&response));
    stream->WritesDone();
    EXPECT_FALSE(stream->Read(&response)) << "one answer for each question";
    EXPECT_TRUE(stream->Finish().ok());
    return response;
  }

  std::unique_ptr<health::Health::Stub> health_;
  std::unique_ptr<reflection::ServerReflection::Stub> reflection_;
};

TEST_F(ToolsTest, HealthIsOfTheServerAndOfEachService) {
  for (const char* service : {"", "tokenbroker.v1.TaskService", "tokenbroker.v1.ResolverService"}) {
    health::HealthCheckResponse response;
    ASSERT_TRUE(Check(service, &response).ok()) << service;
    EXPECT_EQ(response.status(), health::HealthCheckResponse::SERVING) << service;
  }
  health::HealthCheckResponse response;
  EXPECT_EQ(Check("no.such.Service", &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ToolsTest, WhoWatchesHealthIsToldOfTheDrain) {
  const auto context = Context();
  const auto unknown_context = Context();
  const auto watch = health_->Watch(context.get(), {});
  health::HealthCheckRequest unknown;
  unknown.set_service("no.such.Service");
  const auto other = health_->Watch(unknown_context.get(), unknown);
  health::HealthCheckResponse response;
  ASSERT_TRUE(other->Read(&response));
  EXPECT_EQ(response.status(), health::HealthCheckResponse::SERVICE_UNKNOWN);
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), health::HealthCheckResponse::SERVING);
  Drain();
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), health::HealthCheckResponse::NOT_SERVING);
  context->TryCancel();
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

// Whether the broker first hears that the caller has gone, or that there is nothing to read, is a matter of luck.
TEST_F(ToolsTest, WhoGoesBeforeAskingForHealthDoesNoHarm) {
  for (int i = 0; i < 200; ++i) {
    const auto context = Context();
    grpc::CompletionQueue queue;
    grpc::GenericStub stub(server_->InProcessChannel());
    const auto call = stub.PrepareCall(context.get(), "/grpc.health.v1.Health/Watch", &queue);
    call->StartCall(nullptr);
    void* tag;
    bool ok;
    ASSERT_TRUE(queue.Next(&tag, &ok));
    context->TryCancel();
    grpc::Status status;
    call->Finish(&status, nullptr);
    ASSERT_TRUE(queue.Next(&tag, &ok));
    EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  }
  health::HealthCheckResponse response;
  EXPECT_TRUE(Check("", &response).ok());
}

TEST_F(ToolsTest, ReflectionListsTheServices) {
  reflection::ServerReflectionRequest request;
  request.set_list_services("");
  const auto response = Ask(request);
  std::set<std::string> names;
  for (const auto& service : response.list_services_response().service()) names.insert(service.name());
  for (const char* name : {"tokenbroker.v1.TaskService", "tokenbroker.v1.ResolverService",
                           "tokenbroker.v1.AdminService", "grpc.health.v1.Health"}) {
    EXPECT_EQ(names.count(name), 1u) << name;
  }
}

TEST_F(ToolsTest, ReflectionDescribesAServiceWithAllThatItImports) {
  reflection::ServerReflectionRequest request;
  request.set_file_containing_symbol("tokenbroker.v1.TaskService.IssueTask");
  const auto response = Ask(request);
  std::set<std::string> files;
  std::set<std::string> imports;
  for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    ASSERT_TRUE(file.ParseFromString(bytes));
    files.insert(file.name());
    imports.insert(file.dependency().begin(), file.dependency().end());
  }
  EXPECT_EQ(files.count("tokenbroker/v1/task_service.proto"), 1u);
  for (const std::string& import : imports) EXPECT_EQ(files.count(import), 1u) << import;
}

TEST_F(ToolsTest, ReflectionSaysWhatIsNotThere) {
  reflection::ServerReflectionRequest request;
  request.set_file_containing_symbol("no.such.Symbol");
  EXPECT_EQ(Ask(request).error_response().error_code(), static_cast<int>(grpc::StatusCode::NOT_FOUND));
  request.set_file_by_filename("no/such.proto");
  EXPECT_EQ(Ask(request).error_response().error_code(), static_cast<int>(grpc::StatusCode::NOT_FOUND));
  EXPECT_EQ(Ask({}).error_response().error_code(), static_cast<int>(grpc::StatusCode::INVALID_ARGUMENT));
}

}  // namespace
}  // namespace tokenbroker::rpc
