// Compressed requests are refused before anything is inflated.
#include <string>

#include "tests/rpc/door_fixture.h"
#include "tests/rpc/generic_call.h"

namespace tokenbroker::rpc {
namespace {

constexpr const char* kMethods[] = {
    "/tokenbroker.v1.TaskService/IssueTask",
    "/tokenbroker.v1.TaskService/WatchTasks",
    "/tokenbroker.v1.TaskService/AwaitTask",
    "/tokenbroker.v1.ResolverService/SettleStream",
    "/tokenbroker.v1.DeliveryService/Subscribe",
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
};

// Beyond the largest request, and next to nothing when it is compressed.
constexpr size_t kSize = 9 << 20;

class CompressionTest : public DoorFixture {
 protected:
  // Over a socket: in one process gRPC does not compress.
  grpc::Status Send(const char* method, grpc_compression_algorithm algorithm, size_t size) {
    const auto context = Context();
    context->set_compression_algorithm(algorithm);
    GenericCall call(channel(), *context, method);
    const grpc::Slice slice(std::string(size, 'x'));
    call.WriteLast(grpc::ByteBuffer(&slice, 1));
    return call.Finish();
  }

 private:
  std::shared_ptr<grpc::Channel> channel() {
    return grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()), grpc::InsecureChannelCredentials());
  }
};

// Once it was inflated, it would be too large.
TEST_F(CompressionTest, IsRefusedBeforeTheMessageIsLookedAt) {
  for (const auto algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    for (const char* method : kMethods) {
      const grpc::Status status = Send(method, algorithm, kSize);
      EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << method << ": " << status.error_message();
    }
  }
}

TEST_F(CompressionTest, WithoutItTheMethodsAreThere) {
  for (const char* method : kMethods) {
    const grpc::Status status = Send(method, GRPC_COMPRESS_NONE, 1);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << method << ": " << status.error_message();
  }
}

}  // namespace
}  // namespace tokenbroker::rpc
