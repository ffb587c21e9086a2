// A restart equals the state before, wherever the last checkpoint was.
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "tests/testing/broker_harness.h"

namespace tokenbroker::broker {
namespace {

// Everything that can be seen of a broker's tasks, as text.
std::string Picture(BrokerHarness& broker, Sequence last) {
  std::string picture;
  for (Sequence task = 1; task <= last; ++task) {
    const Seen seen = broker.Get(Ref::Id(FormatTaskId(0, task)));
    if (!seen.ok()) continue;
    picture += std::to_string(task) + ": state " + std::to_string(static_cast<int>(seen.state)) + " input " +
               seen.input + " output " + seen.output + " error " + seen.error + " deadline " +
               std::to_string(seen.deadline) + " attempt " + std::to_string(seen.attempt) +
               (seen.cancel_requested ? " to be cancelled" : "") + "\n";
  }
  picture += "parked " + std::to_string(broker.broker().GetStatus().parked) + ", open " +
             std::to_string(broker.broker().GetStatus().open_tasks);
  return picture;
}

class RecoveryTest : public testing::Test {
 protected:
  // One of everything. Its parts are separated, so that a checkpoint can begin between any two.
  void Tell(BrokerHarness& broker, int part) {
    switch (part) {
      case 0:
        tasks_.push_back(broker.Issue({.request_id = "r0", .correlation_key = "a", .input = "0"}));
        tasks_.push_back(broker.Issue({.correlation_key = "b", .input = "1", .upstream_token = "u"}));
        return;
      case 1:
        broker.Succeed(tasks_[0], "1");
        tasks_.push_back(broker.Issue({.name_space = "loans", .timeout = 30s, .heartbeat_timeout = 20s, .input = "2"}));
        return;
      case 2:
        broker.Succeed(Ref::Key("early"), "2");
        broker.Succeed(Ref::Key("earlier", "new-namespace"), "2");
        tasks_.push_back(broker.Issue({.correlation_key = "b", .attempt = 2, .input = "3", .upstream_token = "u"}));
        return;
      case 3:
        broker.Extend(tasks_[3], 2h);
        broker.Cancel(tasks_[2], "", 10s);
        broker.Beat(tasks_[3], "\"half\"");
        return;
      case 4:
        tasks_.push_back(broker.Issue({.correlation_key = "early", .input = "4"}));
        broker.Fail(Ref::Token("u"), "E", "why");
        return;
      case 5:
        tasks_.push_back(broker.Issue({.request_id = "r5", .correlation_key = "a", .input = "5"}));
        return;
    }
  }
  static constexpr int kParts = 6;

  // The story with a checkpoint before some part and a crash, as `crash` does it, before another one. Nothing must have
  // changed by it, and the rest of the story must go on as if nothing had happened.
  void ForEachCheckpointAndCrash(const std::function<void(BrokerHarness&)>& crash) {
    for (int checkpoint = 0; checkpoint <= kParts; ++checkpoint) {
      for (int end = checkpoint; end <= kParts; ++end) {
        SCOPED_TRACE("checkpoint before part " + std::to_string(checkpoint) + ", crash before " + std::to_string(end));
        BrokerHarness broker;
        tasks_.clear();
        for (int part = 0; part < end; ++part) {
          if (part == checkpoint) broker.Restart();
          Tell(broker, part);
        }
        const std::string before = Picture(broker, broker.broker().committed());
        crash(broker);
        EXPECT_EQ(Picture(broker, broker.broker().committed()), before);
        for (int part = end; part < kParts; ++part) Tell(broker, part);
        EXPECT_EQ(broker.Get(Ref::Key("a")).input, "5");
        EXPECT_EQ(broker.Get(Ref::Key("b")).error, "E");
        EXPECT_EQ(broker.Get(Ref::Key("early")).output, "2");
        EXPECT_TRUE(broker.Issue({.request_id = "r0", .correlation_key = "a", .input = "0"}).replayed);
      }
    }
  }

  std::vector<Issued> tasks_;
};

TEST_F(RecoveryTest, ACrashAtAnyPointOfTheStoryWithACheckpointAtAnyOtherChangesNothing) {
  ForEachCheckpointAndCrash([](BrokerHarness& broker) { broker.Crash(); });
}

// Then its blocks stand beside the head of the one before, which has never heard of the lanes that are new.
TEST_F(RecoveryTest, ACheckpointThatIsCutOffBehindItsBlocksChangesNothing) {
  int cut_off = 0;
  ForEachCheckpointAndCrash([&](BrokerHarness& broker) {
    broker.disk().SetFaultHook([](storage::MemoryWrite write, auto, auto) {
      using storage::MemoryFate;
      return write == storage::MemoryWrite::kCheckpointHead ? MemoryFate::kFailsAndIsLost : MemoryFate::kSucceeds;
    });
    // Where nothing happened yet there is nothing to be written.
    cut_off += !broker.broker().TakeLastCheckpoint().ok();
    broker.disk().SetFaultHook({});
    broker.Crash();
  });
  EXPECT_GT(cut_off, kParts * kParts / 2);
}

// The committer packs a few blocks after each round while the background has not begun to write: what happens in
// between is in some of the blocks and in the log behind the checkpoint.
TEST_F(RecoveryTest, ChangesDuringACheckpointAreNeitherLostNorDoubled) {
  BrokerHarness broker({.checkpoint = {.entries = 200}});
  std::vector<Issued> tasks;
  for (int i = 0; i < 20'000; ++i)
    tasks.push_back(broker.Issue({.request_id = "r" + std::to_string(i), .input = std::to_string(i)}));
  std::mt19937 random(7);
  for (int round = 0; round < 400; ++round) {
    const Issued& task = tasks[random() % tasks.size()];
    Call<ResolveOperation> call;
    call.op.principal = &Anybody();
    call.op.address = broker.broker().AddressOfToken(task.token);
    call.op.output = "1";
    broker.broker().Submit(call.op);
    broker.broker().RunOnce();
    while (broker.executor().RunOne()) {
    }
    ASSERT_TRUE(call.answered);
    if (random() % 20 == 0) broker.background().RunOne();
  }
  const std::string before = Picture(broker, broker.broker().committed());
  broker.Crash();
  EXPECT_EQ(Picture(broker, broker.broker().committed()), before);
  for (int i = 0; i < 20'000; i += 97) {
    EXPECT_EQ(broker.Issue({.request_id = "r" + std::to_string(i), .input = std::to_string(i)}).task, tasks[i].task);
  }
}

// While a checkpoint is being written its entries are neither in the active map nor, surely, in the store.
// What its checksum lets pass was written so; it must still not be believed.
TEST_F(RecoveryTest, ACheckpointThatDoesNotBelongTogetherIsDataLoss) {
  const auto opened_with = [](const storage::OpenBlock& block, const std::string& state) {
    storage::MemoryStore store;
    std::string bytes;
    storage::EncodeEntry(storage::ResolvedEntry{.task = 65}, bytes);
    EXPECT_TRUE(store.Append(0, {{65, "held elsewhere"}, {70, bytes}}).ok());
    storage::Checkpoint checkpoint;
    checkpoint.covers = 65;
    checkpoint.state = state;
    checkpoint.blocks = {block};
    EXPECT_TRUE(store.SaveCheckpoint(0, checkpoint).ok());
    const TokenCodec codec(TestKeys());
    ManualClock clock(BrokerHarness::kStart);
    ManualExecutor executor;
    Observer observer;
    return Broker::Open({}, {store, codec, clock, executor, executor, executor, observer, [](absl::Status) {}})
        .status();
  };
  OpenSet set;
  set.Insert(65, OpenTask{.deadline = 9, .lane = 1});
  const std::string two(
      "\x02\x01"
      "a"
      "\x01"
      "b"
      "\0\0\0\0"
      "\0"
      "\x02\0\0\x01\0"
      "\0",
      16);
  const std::string one(
      "\x01\x01"
      "a"
      "\0\0\0\0"
      "\0"
      "\x01\0\0"
      "\0",
      12);
  EXPECT_TRUE(opened_with(set.Pack(1), two).ok());
  const absl::Status status = opened_with(set.Pack(1), one);
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_EQ(status.message(), "block 1 of the open set is damaged: 65 is in lane 1 of 1");
  const std::string late(
      "\x01\x01"
      "a"
      "\x01\x05\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\0\0\0",
      18);
  EXPECT_TRUE(absl::IsDataLoss(opened_with({}, late))) << "a time that no clock shows";
}

TEST_F(RecoveryTest, NamesAreFoundWhileACheckpointIsBeingWritten) {
  BrokerHarness broker({.checkpoint = {.entries = 4}});
  const Issued task = broker.Issue({.request_id = "r", .correlation_key = "k", .upstream_token = "u"});
  broker.Succeed(task, "1");
  Call<IssueOperation> more;
  more.op.principal = &Anybody();
  more.op.request = {.name_space = "orders", .correlation_key = "other", .timeout = 1000};
  broker.broker().Prepare(more.op);
  broker.broker().Submit(more.op);
  for (int i = 0; i < 5; ++i) broker.broker().RunOnce();  // packed and handed over, not written
  const auto known = [&] {
    for (const Ref& name : {Ref::Key("k"), Ref::Token("u"), Ref(task)}) {
      Call<ResolveOperation> again;
      again.op.principal = &Anybody();
      again.op.address = name.AddressIn(broker.broker());
      again.op.output = "1";
      broker.broker().Submit(again.op);
      broker.broker().RunOnce();
      while (broker.executor().RunOne()) {
      }
      EXPECT_EQ(again.op.verdict, Verdict::kReplayed);
    }
  };
  known();
  while (broker.background().RunOne()) {
  }
  known();  // written, and the committer does not know yet
  broker.Run();
  known();
}

TEST_F(RecoveryTest, RequestIdsSurviveRestartsAndCrashes) {
  BrokerHarness broker;
  const Issued task = broker.Issue({.request_id = "r"});
  for (int i = 0; i < 3; ++i) {
    broker.Restart();
    EXPECT_EQ(broker.Issue({.request_id = "r"}).task, task.task);
    broker.Issue();
    broker.Crash();
    EXPECT_EQ(broker.Issue({.request_id = "r"}).task, task.task);
  }
}

TEST_F(RecoveryTest, ARestoredBackupMintsNumbersThatWereNeverUsed) {
  BrokerHarness broker;
  const Issued before = broker.Issue();
  broker.disk().BeginNewEpoch();
  broker.Open();
  const Issued after = broker.Issue();
  EXPECT_EQ(storage::EpochOf(after.task), 1);
  EXPECT_EQ(broker.Succeed(before, "1").verdict, Verdict::kAccepted);
  EXPECT_EQ(broker.Succeed(after, "1").verdict, Verdict::kAccepted);
  broker.Crash();
  EXPECT_GT(broker.Issue().task, after.task);
}

TEST_F(RecoveryTest, ACursorFromBehindTheRestoredBackupHasExpired) {
  BrokerHarness broker;
  const Issued last = broker.Issue();
  broker.disk().BeginNewEpoch();
  broker.Open();
  broker.Issue();
  EXPECT_TRUE(broker.broker().Changes("orders", {}, last.task, 10).ok());
  EXPECT_TRUE(absl::IsOutOfRange(broker.broker().Changes("orders", {}, last.task + 1, 10).status()))
      << "it was given out by a broker whose later changes are lost";
}

}  // namespace
}  // namespace tokenbroker::broker
