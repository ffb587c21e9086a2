// Subscribers without a network: credit, turns, and what becomes of deliveries when they leave.
#include "server/forward/subscriber_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "server/forward/forwarder.h"
#include "tests/testing/broker_harness.h"

namespace tokenbroker::forward {
namespace {

using Kind = Answer::Kind;
using testing::ElementsAre;
using testing::IsEmpty;

// Keeps what it takes.
class Keeper final : public Subscriber {
 public:
  bool Take(Delivery&& delivery) override {
    if (leaving) return false;
    taken.push_back(std::move(delivery));
    return true;
  }
  std::vector<std::string> Ids() const {
    std::vector<std::string> ids;
    for (const Delivery& delivery : taken) ids.push_back(delivery.id);
    return ids;
  }

  std::vector<Delivery> taken;
  bool leaving = false;
};

class SubscriberTargetTest : public testing::Test {
 protected:
  SubscriberTargetTest() {
    target_.OnRoom([this] { ++told_of_room_; });
  }
  void Deliver(const std::string& id) {
    target_.Deliver({.id = id}, [this, id](Answer answer) { answers_.emplace_back(id, std::move(answer)); });
  }

  SubscriberTarget target_;
  Keeper one_, two_;
  int told_of_room_ = 0;
  std::vector<std::pair<std::string, Answer>> answers_;
};

TEST_F(SubscriberTargetTest, ThereIsRoomWhereThereIsCreditAndTheForwarderIsToldOfIt) {
  EXPECT_EQ(target_.room(), 0);
  ASSERT_TRUE(target_.Join(one_));
  EXPECT_EQ(target_.room(), 0);
  EXPECT_EQ(told_of_room_, 0);
  EXPECT_TRUE(target_.AddCredit(one_, 2));
  EXPECT_EQ(target_.room(), 2);
  EXPECT_EQ(told_of_room_, 1);
  Deliver("a");
  EXPECT_EQ(target_.room(), 1);
  target_.Sent(one_);
  target_.Settle(one_, "a", {.kind = Kind::kAccepted});
  EXPECT_EQ(target_.room(), 1) << "an answer gives no credit";
  EXPECT_EQ(answers_.size(), 1u);
  target_.Leave(one_, {});
  EXPECT_EQ(target_.room(), 0);
}

TEST_F(SubscriberTargetTest, WhatNobodyTakesIsHandedBackUntried) {
  Deliver("a");
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(answers_[0].second.kind, Kind::kHandedBack);
  EXPECT_FALSE(answers_[0].second.may_have_arrived);
  target_.Join(one_);
  target_.AddCredit(one_, 5);
  one_.leaving = true;
  Deliver("b");
  EXPECT_EQ(answers_.size(), 2u);
  EXPECT_EQ(target_.room(), 0) << "or the forwarder would try again and again until it has left";
}

TEST_F(SubscriberTargetTest, SubscribersTakeTurnsAsTheyHaveCredit) {
  target_.Join(one_);
  target_.Join(two_);
  target_.AddCredit(one_, 2);
  target_.AddCredit(two_, 3);
  for (const char* id : {"a", "b", "c", "d", "e"}) Deliver(id);
  EXPECT_EQ(one_.taken.size(), 2u);
  EXPECT_EQ(two_.taken.size(), 3u);
  EXPECT_NE(one_.Ids()[0], two_.Ids()[0]);
  EXPECT_THAT(answers_, IsEmpty());
}

TEST_F(SubscriberTargetTest, WhoLeavesHandsBackWhatItHeld) {
  target_.Join(one_);
  target_.AddCredit(one_, 3);
  for (const char* id : {"a", "b", "c"}) Deliver(id);
  target_.Settle(one_, "a", {.kind = Kind::kAccepted});
  answers_.clear();
  target_.Leave(one_, {"c"});
  ASSERT_EQ(answers_.size(), 2u);
  std::map<std::string, bool> may_have_arrived;
  for (const auto& [id, answer] : answers_) {
    EXPECT_EQ(answer.kind, Kind::kHandedBack);
    may_have_arrived[id] = answer.may_have_arrived;
  }
  EXPECT_EQ(may_have_arrived, (std::map<std::string, bool>{{"b", true}, {"c", false}}));
}

TEST_F(SubscriberTargetTest, LateDoubleAndUnknownAnswersDoNothing) {
  target_.Join(one_);
  target_.Join(two_);
  target_.AddCredit(one_, 1);
  Deliver("a");
  target_.Settle(two_, "a", {.kind = Kind::kAccepted});
  target_.Settle(one_, "b", {.kind = Kind::kAccepted});
  EXPECT_THAT(answers_, IsEmpty());
  target_.Settle(one_, "a", {.kind = Kind::kAccepted});
  target_.Settle(one_, "a", {.kind = Kind::kRejected});
  target_.Leave(one_, {});
  target_.Settle(one_, "a", {.kind = Kind::kRejected});
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(answers_[0].second.kind, Kind::kAccepted);
}

TEST_F(SubscriberTargetTest, OneThatIsGivenUpAndComesAgainIsAnsweredOnceMore) {
  target_.Join(one_);
  target_.AddCredit(one_, 2);
  std::vector<int> answered;
  for (int number : {1, 2}) target_.Deliver({.id = "a"}, [&answered, number](Answer) { answered.push_back(number); });
  target_.Settle(one_, "a", {.kind = Kind::kAccepted});
  target_.Settle(one_, "a", {.kind = Kind::kAccepted});
  EXPECT_THAT(answered, ElementsAre(2));
}

TEST_F(SubscriberTargetTest, WindowsSubscribersAndWhatIsNotSentAreBounded) {
  target_.Join(one_);
  EXPECT_FALSE(target_.AddCredit(one_, SubscriberTarget::kMaxWindow + 1));
  EXPECT_TRUE(target_.AddCredit(one_, SubscriberTarget::kMaxWindow));
  EXPECT_EQ(target_.room(), SubscriberTarget::kMaxUnsent);
  for (int i = 0; i < SubscriberTarget::kMaxUnsent; ++i) Deliver(std::to_string(i));
  EXPECT_EQ(target_.room(), 0);
  EXPECT_FALSE(target_.AddCredit(one_, 1)) << "what is not settled counts";
  target_.Settle(one_, "0", {.kind = Kind::kAccepted});
  EXPECT_TRUE(target_.AddCredit(one_, 1));
  const int told = told_of_room_;
  target_.Sent(one_);
  EXPECT_EQ(target_.room(), 1);
  EXPECT_EQ(told_of_room_, told + 1);
  std::vector<Keeper> others(SubscriberTarget::kMaxSubscribers);
  for (size_t i = 1; i < others.size(); ++i) EXPECT_TRUE(target_.Join(others[i]));
  EXPECT_FALSE(target_.Join(others[0]));
}

// Every delivery is answered exactly once, whoever comes and goes meanwhile.
TEST(SubscriberTargetRace, SubscribersComeAndGoWhileDeliveriesAreHandedOut) {
  constexpr int kDeliveries = 3'000;
  SubscriberTarget target;
  std::atomic<int> answered{0}, accepted{0};
  // Locks itself, as a stream does, and never while it calls the target.
  class Stream final : public Subscriber {
   public:
    bool Take(Delivery&& delivery) override {
      std::lock_guard<std::mutex> lock(mutex_);
      ids_.push_back(std::move(delivery.id));
      return true;
    }
    std::vector<std::string> Taken() {
      std::lock_guard<std::mutex> lock(mutex_);
      return std::exchange(ids_, {});
    }

   private:
    std::mutex mutex_;
    std::vector<std::string> ids_;
  };
  const auto subscribe = [&] {
    while (answered < kDeliveries) {
      Stream stream;
      target.Join(stream);
      target.AddCredit(stream, 20);
      for (int settled = 0; settled < 10 && answered < kDeliveries;) {
        for (const std::string& id : stream.Taken()) {
          target.Sent(stream);
          target.Settle(stream, id, {.kind = Kind::kAccepted});
          ++settled;
        }
      }
      target.Leave(stream, stream.Taken());
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back(subscribe);
  for (int i = 0; i < kDeliveries; ++i) {
    while (target.room() == 0) std::this_thread::yield();
    target.Deliver({.id = std::to_string(i)}, [&](Answer answer) {
      accepted += answer.kind == Kind::kAccepted;
      ++answered;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, kDeliveries);
  EXPECT_GT(accepted, 0);
  EXPECT_EQ(target.subscribers(), 0);
}

// --- With the forwarder and a broker ---

class SubscribedTest : public testing::Test {
 protected:
  SubscribedTest() {
    auto target = std::make_unique<SubscriberTarget>();
    target_ = target.get();
    std::vector<NamedTarget> targets;
    targets.push_back({"t", std::move(target)});
    forwarder_ =
        std::make_unique<Forwarder>(Forwarder::Parts{broker_.broker(), broker_.clock(), observer_, [] { return 1.0; }},
                                    options_, std::move(targets));
  }
  void Run() {
    int rounds = 0;
    for (bool moved = true; moved; ++rounds) {
      ASSERT_LT(rounds, 100) << "a busy loop";
      broker_.Run();
      moved = forwarder_->RunOnce();
    }
  }
  broker::Issued Succeed() {
    const broker::Issued issued = broker_.Issue({.target = "t"});
    broker_.Succeed(issued, "1");
    return issued;
  }
  std::optional<Schedule::Look> Look(const broker::Issued& task) {
    return forwarder_->Look("t", broker_.Get(task).outcome_at);
  }

  broker::BrokerHarness broker_;
  ScheduleOptions options_;
  Observer observer_;
  SubscriberTarget* target_;
  std::unique_ptr<Forwarder> forwarder_;
};

TEST_F(SubscribedTest, WithoutSubscribersNothingIsTriedAndNothingIsDue) {
  const broker::Issued task = Succeed();
  Run();
  EXPECT_FALSE(Look(task).has_value());
  EXPECT_EQ(forwarder_->NextDue(), INT64_MAX) << "it sleeps until there is room";
  Keeper keeper;
  target_->Join(keeper);
  target_->AddCredit(keeper, 1);
  Run();
  ASSERT_EQ(keeper.taken.size(), 1u);
  EXPECT_EQ(keeper.taken[0].try_number, 1);
  target_->Settle(keeper, keeper.taken[0].id, {.kind = Kind::kAccepted});
  Run();
  EXPECT_EQ(broker_.Get(task).delivery->state, DeliveryState::kDelivered);
  target_->Leave(keeper, {});
}

TEST_F(SubscribedTest, AfterABreakTheNextSubscriberHasItAtOnceHoweverManyThereWere) {
  for (int i = 0; i < 20; ++i) Succeed();
  Keeper first, second;
  target_->Join(first);
  target_->AddCredit(first, 8);
  Run();
  ASSERT_EQ(first.taken.size(), 8u);
  target_->Leave(first, {first.taken[7].id});
  Run();
  EXPECT_EQ(forwarder_->Statuses()[0].breaker, Breaker::State::kClosed) << "a break tells nothing about the others";
  target_->Join(second);
  target_->AddCredit(second, 100);
  for (int i = 0; i < 20; ++i) {
    Run();
    target_->Sent(second);
  }
  ASSERT_EQ(second.taken.size(), 20u);
  std::map<std::string, Delivery> again;
  for (const Delivery& delivery : second.taken) again[delivery.id] = delivery;
  EXPECT_EQ(again.size(), 20u);
  EXPECT_TRUE(again[first.taken[0].id].may_have_arrived);
  EXPECT_EQ(again[first.taken[0].id].try_number, 2);
  EXPECT_FALSE(again[first.taken[7].id].may_have_arrived);
  EXPECT_EQ(again[first.taken[7].id].try_number, 1) << "nobody had seen it";
  target_->Leave(second, {});
}

TEST_F(SubscribedTest, LaterIsNoFailure) {
  std::vector<broker::Issued> tasks;
  for (int i = 0; i < 8; ++i) tasks.push_back(Succeed());
  Keeper keeper;
  target_->Join(keeper);
  target_->AddCredit(keeper, 100);
  Run();
  for (const Delivery& delivery : keeper.taken) {
    target_->Sent(keeper);
    target_->Settle(keeper, delivery.id, {.kind = Kind::kLater, .code = "Busy", .retry_after = 50});
  }
  Run();
  EXPECT_EQ(forwarder_->Statuses()[0].breaker, Breaker::State::kClosed);
  EXPECT_EQ(Look(tasks[0])->next_try, broker_.now() + 50);
  EXPECT_EQ(keeper.taken.size(), 8u);
  broker_.Advance(std::chrono::milliseconds(50));
  Run();
  EXPECT_EQ(keeper.taken.size(), 16u);
  target_->Leave(keeper, {});
}

TEST_F(SubscribedTest, ABrokenBreakerDoesNotTryWithoutRoom) {
  for (int i = 0; i < 8; ++i) Succeed();
  Keeper keeper;
  target_->Join(keeper);
  target_->AddCredit(keeper, 8);
  Run();
  // Nothing is answered: five in a row.
  broker_.Advance(std::chrono::milliseconds(options_.answer_within));
  Run();
  EXPECT_EQ(forwarder_->Statuses()[0].breaker, Breaker::State::kOpen);
  broker_.Advance(std::chrono::hours(1));
  Run();
  EXPECT_EQ(keeper.taken.size(), 8u) << "half open, but without credit";
  target_->Leave(keeper, {});
}

}  // namespace
}  // namespace tokenbroker::forward
