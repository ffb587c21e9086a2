#include "server/host/caretaker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/telemetry/log.h"
#include "tests/testing/broker_harness.h"
#include "tests/testing/temp_folder.h"

namespace tokenbroker {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// On its own thread it looks by itself; here it looks when it is told to.
class CaretakerTest : public ::testing::Test {
 protected:
  CaretakerTest() {
    ConfigureLog({.sink = [this](std::string_view line) { log_ += line; }});
  }
  ~CaretakerTest() override { ConfigureLog({}); }

  std::unique_ptr<Caretaker> Make(Caretaker::Options options) {
    return std::make_unique<Caretaker>(
        Caretaker::Parts{broker_.broker(), broker_.codec(), broker_.store(), clock_, metrics_, forwarder_, beater_,
                         subscriber_targets_, deliveries_},
        std::move(options));
  }
  std::string Metrics() const { return registry_.Render(Exposition::kPrometheus); }

  // Moves the file's time on, so that a quick test is not too quick for it.
  void WriteKeys(const std::string& keys) {
    std::ofstream(key_file_) << keys;
    ::chmod(key_file_.c_str(), 0600);
    std::filesystem::last_write_time(key_file_, written_ += std::chrono::seconds(1));
  }
  static std::string Key(int id) {
    return absl::StrCat(R"({"id": )", id, R"(, "secret": ")", std::string(63, '0'), id, R"("})");
  }

  tokenbroker::testing::TempFolder folder_;
  const std::string key_file_ = folder_ / "token-keys.json";
  std::filesystem::file_time_type written_ = std::filesystem::file_time_type::clock::now();
  std::string log_;
  int64_t elapsed_ = 0;
  SystemClock clock_{broker::BrokerHarness::kStart,
                     {[this] { return broker::BrokerHarness::kStart * 1000 + elapsed_; }, [this] { return elapsed_; }}};
  broker::BrokerHarness broker_;
  MetricsRegistry registry_;
  BrokerMetrics metrics_{registry_};
  DeliveryMetrics deliveries_{registry_};
  forward::SubscriberTarget subscriber_target_;
  forward::SubscriberTargets subscriber_targets_{{"engine", &subscriber_target_}};
  forward::Observer silent_;
  forward::Forwarder forwarder_{{broker_.broker(), broker_.clock(), silent_, [] { return 0.5; }}, {}, {}};
  forward::Beater beater_{{broker_.broker(), broker_.clock(), silent_, [] { return 0.5; }}, {}};
};

TEST_F(CaretakerTest, WithoutRoomOnTheDiskNewTasksAreRefused) {
  const broker::Issued task = broker_.Issue();
  const auto roomy = Make({.folder = folder_.path(), .disk_free_min = 0});
  EXPECT_FALSE(roomy->disk_full());
  EXPECT_TRUE(broker_.Issue().ok());
  const auto full = Make({.folder = folder_.path(), .disk_free_min = UINT64_MAX});
  EXPECT_TRUE(full->disk_full());
  EXPECT_EQ(broker_.Issue().reason, broker::Reason::kDiskFull);
  EXPECT_EQ(broker_.Succeed(task, "1").verdict, broker::Verdict::kAccepted) << "outcomes are still taken";
  EXPECT_THAT(log_, HasSubstr("\"disk_full\""));
}

TEST_F(CaretakerTest, TheDiskIsLookedAtBeforeItsReserveCanBeTouched) {
  using std::chrono::milliseconds;
  constexpr uint64_t kMin = 1 << 30;
  constexpr uint64_t kGigabyte = 1'000'000'000;
  EXPECT_EQ(Caretaker::NextLookAtDisk(kMin + 100 * kGigabyte, kMin), milliseconds(1000));
  EXPECT_EQ(Caretaker::NextLookAtDisk(kMin + kGigabyte / 2, kMin), milliseconds(500));
  EXPECT_EQ(Caretaker::NextLookAtDisk(kMin + 1, kMin), milliseconds(10));
  EXPECT_EQ(Caretaker::NextLookAtDisk(kMin, kMin), milliseconds(10));
  EXPECT_EQ(Caretaker::NextLookAtDisk(UINT64_MAX, 0), milliseconds(1000));
}

TEST_F(CaretakerTest, AFullDiskIsFullUntilThereIsMoreThanTheMinimum) {
  constexpr uint64_t kMin = 1000;
  EXPECT_FALSE(Caretaker::IsDiskFull(false, kMin, kMin));
  EXPECT_TRUE(Caretaker::IsDiskFull(false, kMin - 1, kMin));
  EXPECT_TRUE(Caretaker::IsDiskFull(true, 0, kMin));
  EXPECT_TRUE(Caretaker::IsDiskFull(true, kMin + 249, kMin));
  EXPECT_FALSE(Caretaker::IsDiskFull(true, kMin + 250, kMin));
  EXPECT_FALSE(Caretaker::IsDiskFull(true, 0, 0)) << "without a minimum no disk is full";
  EXPECT_TRUE(Caretaker::IsDiskFull(true, UINT64_MAX - 1, UINT64_MAX));
}

// What a store has still to write of what it has comes and goes.
TEST_F(CaretakerTest, WhatAStoreGivesBackMakesNoRoomForTheNextTimeThatItTakesIt) {
  class Writing : public storage::MemoryStore {
   public:
    uint64_t PendingBytes() const override { return pending; }
    uint64_t pending = 0;
  };
  Writing store;
  const uint64_t free = std::filesystem::space(folder_.path()).available;
  Caretaker caretaker({broker_.broker(), broker_.codec(), store, clock_, metrics_, forwarder_, beater_,
                       subscriber_targets_, deliveries_},
                      {.folder = folder_.path(), .disk_free_min = free / 2});
  EXPECT_FALSE(caretaker.disk_full());
  for (int flush = 0; flush < 3; ++flush) {
    store.pending = free / 16 * 9;
    caretaker.Look();
    EXPECT_TRUE(caretaker.disk_full());
    store.pending = free / 16 * 7;
    caretaker.Look();
    EXPECT_TRUE(caretaker.disk_full()) << "a little above the minimum";
  }
  EXPECT_THAT(log_, Not(HasSubstr("\"disk_has_room\"")));
  EXPECT_FALSE(broker_.Issue().ok());
  store.pending = 0;
  caretaker.Look();
  EXPECT_FALSE(caretaker.disk_full());
  EXPECT_TRUE(broker_.Issue().ok());
  EXPECT_THAT(log_, HasSubstr("\"disk_has_room\""));
}

TEST_F(CaretakerTest, GaugesShowTheLastLookUntilTheCaretakerIsGone) {
  broker_.Issue();
  auto caretaker = Make({.folder = folder_.path()});
  EXPECT_THAT(Metrics(), HasSubstr("\ntokenbroker_open_tasks 1\n"));
  broker_.Issue();
  broker_.Succeed(broker::Ref::Key("early"), "1");
  const std::string output(100, '1');
  broker::Call<broker::ResolveOperation> queued;
  queued.op.principal = &broker::Anybody();
  queued.op.output = output;
  broker_.broker().Submit(queued.op);
  ASSERT_TRUE(broker_.broker().TryRead([] {}));
  EXPECT_THAT(Metrics(), HasSubstr("\ntokenbroker_open_tasks 1\n"));
  elapsed_ += 60'000'000;
  caretaker->Look();
  const std::string seen = Metrics();
  for (const char* line :
       {"\ntokenbroker_open_tasks 2\n", "\ntokenbroker_parked_callbacks 1\n",
        "\ntokenbroker_queue_depth{queue=\"commit\"} 1\n", "\ntokenbroker_queue_depth{queue=\"reads\"} 1\n",
        "\ntokenbroker_queue_bytes{queue=\"commit\"} 100\n", "\ntokenbroker_oldest_open_age_seconds 60\n",
        "\ntokenbroker_disk_free_bytes "}) {
    EXPECT_THAT(seen, HasSubstr(line));
  }
  broker_.Run();
  caretaker.reset();
  EXPECT_THAT(Metrics(), Not(HasSubstr("\ntokenbroker_open_tasks 2\n")));
}

TEST_F(CaretakerTest, SubscribersAreShown) {
  const auto caretaker = Make({.folder = folder_.path()});
  EXPECT_THAT(Metrics(), HasSubstr("\ntokenbroker_subscribers{target=\"engine\"} 0\n"));
}

TEST_F(CaretakerTest, AChangedKeyFileIsTakenOver) {
  WriteKeys(absl::StrCat("{\"keys\": [", Key(1), "]}"));
  broker_.codec().Replace(*broker::KeyRing::Load(key_file_));
  const auto caretaker = Make({.key_file = key_file_});
  const std::string old = broker_.codec().Seal({0, 7, 0});
  caretaker->Look();
  EXPECT_EQ(broker_.codec().Seal({0, 7, 0}), old) << "nothing has changed";

  WriteKeys(absl::StrCat("{\"keys\": [", Key(1), ", ", Key(2), "]}"));
  caretaker->Look();
  const std::string fresh = broker_.codec().Seal({0, 7, 0});
  const broker::TokenCodec second(*broker::KeyRing::Parse(absl::StrCat("{\"keys\": [", Key(2), "]}")));
  broker::TokenContent content;
  EXPECT_TRUE(second.Open(fresh, content)) << "the new key seals";
  EXPECT_TRUE(broker_.codec().Open(old, content)) << "the old one opens";

  WriteKeys("{\"keys\": [");
  caretaker->Look();
  EXPECT_THAT(log_, HasSubstr("\"token_keys_not_reloaded\""));
  EXPECT_TRUE(broker_.codec().Open(fresh, content)) << "a damaged file changes nothing";

  WriteKeys(absl::StrCat("{\"keys\": [", Key(2), "]}"));
  caretaker->Look();
  EXPECT_FALSE(broker_.codec().Open(old, content)) << "a key that is gone opens nothing";
  EXPECT_TRUE(broker_.codec().Open(fresh, content));
}

TEST_F(CaretakerTest, AKeyFileThatIsGoneIsNotMadeAnew) {
  WriteKeys(absl::StrCat("{\"keys\": [", Key(1), "]}"));
  const auto caretaker = Make({.key_file = key_file_});
  std::filesystem::remove(key_file_);
  caretaker->Look();
  EXPECT_FALSE(std::filesystem::exists(key_file_));
}

TEST_F(CaretakerTest, EndsWhileItsThreadWaits) {
  const auto caretaker = Make({.folder = folder_.path()});
  caretaker->Start();
}

}  // namespace
}  // namespace tokenbroker
