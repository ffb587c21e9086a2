// SettleStream: answers in order, back-pressure, and how it ends.
#include "tests/rpc/door_fixture.h"

namespace tokenbroker::rpc {
namespace {

class SettleStreamTest : public DoorFixture {
 protected:
  using Stream = grpc::ClientReaderWriter<pb::SettleStreamRequest, pb::SettleStreamResponse>;

  pb::SettleStreamRequest Batch(uint64_t id, const std::string& token, const std::string& output) {
    pb::SettleStreamRequest request;
    request.set_batch_id(id);
    auto* succeed = request.add_items()->mutable_succeed();
    *succeed->mutable_task() = ByToken(token);
    succeed->set_output(output);
    return request;
  }
};

TEST_F(SettleStreamTest, AnswersComeInOrder) {
  constexpr int kBatches = 200;
  std::vector<std::string> tokens;
  for (int i = 0; i < kBatches; ++i) tokens.push_back(IssueWithKey("k" + std::to_string(i)).token());
  auto context = Context();
  auto stream = resolver_->SettleStream(context.get());
  std::thread writer([&] {
    for (int i = 0; i < kBatches; ++i) stream->Write(Batch(i, tokens[i], "1"));
    stream->WritesDone();
  });
  pb::SettleStreamResponse response;
  for (int i = 0; i < kBatches; ++i) {
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.batch_id(), static_cast<uint64_t>(i));
    EXPECT_EQ(response.items(0).verdict(), pb::VERDICT_ACCEPTED);
  }
  EXPECT_FALSE(stream->Read(&response));
  writer.join();
  EXPECT_TRUE(stream->Finish().ok());
}

// A caller who writes and never reads is stopped: what the broker takes in is what it has room for, four batches and
// what the answers' and requests' own windows hold, not all that is sent.
TEST_F(SettleStreamTest, WhoDoesNotReadCannotGoOnWriting) {
  const std::string token = IssueWithKey("one").token();
  const std::string large = "\"" + std::string(100'000, 'x') + "\"";
  auto context = Context();
  auto stream = resolver_->SettleStream(context.get());
  std::atomic<int> written{0};
  std::atomic<bool> done{false};
  std::thread writer([&] {
    // Half a gigabyte.
    for (int i = 0; i < 5'000 && stream->Write(Batch(i, token, large)); ++i) ++written;
    done = true;
  });
  // Written no more although there is more to write, for a while.
  int before = -1;
  for (int same = 0; same < 50 && !done; same = before == written ? same + 1 : 0, before = written) {
    const auto step = std::chrono::steady_clock::now() + std::chrono::milliseconds(10);
    while (std::chrono::steady_clock::now() < step) std::this_thread::yield();
  }
  EXPECT_FALSE(done);
  context->TryCancel();
  writer.join();
  stream->Finish();
}

TEST_F(SettleStreamTest, ABadBatchEndsTheStreamAfterTheAnswersBefore) {
  auto context = Context();
  auto stream = resolver_->SettleStream(context.get());
  stream->Write(Batch(1, IssueWithKey("one").token(), "1"));
  stream->Write(pb::SettleStreamRequest());
  pb::SettleStreamResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.batch_id(), 1u);
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(ReasonOf(stream->Finish()), "INVALID_FIELD");
}

TEST_F(SettleStreamTest, DrainingAnswersWhatWasReadAndEnds) {
  auto context = Context();
  auto stream = resolver_->SettleStream(context.get());
  stream->Write(Batch(1, IssueWithKey("one").token(), "1"));
  pb::SettleStreamResponse response;
  ASSERT_TRUE(stream->Read(&response));
  Drain();
  EXPECT_FALSE(stream->Read(&response));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(status), "DRAINING");
}

}  // namespace
}  // namespace tokenbroker::rpc
