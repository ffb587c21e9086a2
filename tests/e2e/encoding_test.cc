// Bytes that no generated client would send: raw messages through a generic stub.
#include <grpcpp/generic/generic_stub.h>

#include <random>
#include <string>

#include "tests/e2e/fixture.h"

namespace tokenbroker::testing {
namespace {

constexpr char kIssue[] = "/tokenbroker.v1.TaskService/IssueTask";

class EncodingTest : public BrokerTest {
 protected:
  void SetUp() override { Start(); }

  grpc::Status Send(const std::string& method, const std::string& bytes, std::string* answer = nullptr) {
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    grpc::ClientContext context;
    client().SetLimit(context);
    grpc::CompletionQueue queue;
    grpc::GenericStub stub(client().channel());
    auto call = stub.PrepareUnaryCall(&context, method, request, &queue);
    call->StartCall();
    grpc::Status status;
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    grpc::Slice joined;
    if (status.ok() && answer != nullptr && response.DumpToSingleSlice(&joined).ok()) {
      answer->assign(reinterpret_cast<const char*>(joined.begin()), joined.size());
    }
    return status;
  }
};

// Field `number` of wire type 2.
std::string TextField(int number, const std::string& value) {
  std::string bytes(1, static_cast<char>(number << 3 | 2));
  bytes += static_cast<char>(value.size());
  return bytes + value;
}

TEST_F(EncodingTest, TextsThatAreNotUtf8AreRefused) {
  const std::string name_space = TextField(1, "e2e");
  ASSERT_TRUE(Send(kIssue, name_space).ok());
  // A lone continuation byte, an overlong slash, a surrogate, a cut-off sequence, a code point beyond the last.
  for (const std::string bad : {"\x80", "\xc0\xaf", "\xed\xa0\x80", "\xe2\x82", "\xf4\x90\x80\x80", "\xff\xfe"}) {
    for (int field : {2, 3, 5, 6, 8, 11}) {
      const grpc::Status status = Send(kIssue, name_space + TextField(field, bad));
      EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
          << "field " << field << ": " << Describe(status);
      EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_INVALID_FIELD) << "field " << field;
    }
  }
}

TEST_F(EncodingTest, NoughtAndControlCharactersAreRefusedInNames) {
  for (const std::string& bad :
       {std::string("a\0b", 3), std::string("a\nb"), std::string("\x7f"), std::string("\xc2\x85")}) {
    v1::IssueTaskRequest request;
    request.set_namespace_("e2e");
    request.set_correlation_key(bad);
    v1::IssueTaskResponse response;
    EXPECT_EQ(ReasonOf(client().Issue(request, response)), v1::ERROR_REASON_INVALID_FIELD);
  }
}

TEST_F(EncodingTest, PayloadsComeBackByteForByte) {
  const std::string json =
      " {\"z\": 1.50e+00,\t\"a\" : \"\\u00e9 \xc3\xa9 \\/ \",\"a\":2, \"big\": 123456789012345678901234567890 }\r\n";
  v1::IssueTaskRequest request;
  request.set_namespace_("e2e");
  request.set_input(json);
  v1::IssueTaskResponse issued;
  ASSERT_TRUE(client().Issue(request, issued).ok());
  ASSERT_TRUE(SucceedWith(issued.token(), json).ok());
  const v1::Task task = Get(issued.token());
  EXPECT_EQ(task.input(), json);
  EXPECT_EQ(task.outcome().output(), json);
}

TEST_F(EncodingTest, RandomBytesAreRefusedAndTheBrokerLives) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes(random() % 200, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    for (const char* method :
         {kIssue, "/tokenbroker.v1.ResolverService/BatchSettle", "/tokenbroker.v1.TaskService/ListTasks"}) {
      const grpc::Status status = Send(method, bytes);
      EXPECT_NE(status.error_code(), grpc::StatusCode::INTERNAL) << Describe(status);
      EXPECT_NE(status.error_code(), grpc::StatusCode::UNAVAILABLE) << Describe(status);
    }
  }
  EXPECT_FALSE(Issue().token().empty());
}

TEST_F(EncodingTest, UnknownMethodsAreUnimplemented) {
  EXPECT_EQ(Send("/tokenbroker.v1.TaskService/DropEverything", "").error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

}  // namespace
}  // namespace tokenbroker::testing
