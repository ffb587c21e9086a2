// When what is tried, without threads, store or sockets.
#include "server/forward/schedule.h"

#include <gtest/gtest.h>

namespace tokenbroker::forward {
namespace {

using Kind = Answer::Kind;

class ScheduleTest : public testing::Test {
 protected:
  Schedule::Try Begin(Sequence outcome, bool may_have_arrived = false) {
    return schedule_.Begin(outcome, 0, may_have_arrived, now_);
  }
  std::optional<Record> End(Sequence outcome, Answer answer, int number = 0) {
    if (number == 0) number = schedule_.Find(outcome)->tries;
    return schedule_.End(outcome, number, std::move(answer), now_);
  }
  TimeMs NextDue(bool new_waits = false) { return schedule_.NextDue(now_, new_waits, 10); }

  double random_ = 1;
  Schedule schedule_{{.breaker = {.failures = 3}, .max_age = 10'000, .answer_within = 60'000, .retrying_max = 100},
                     [this] { return random_; }};
  TimeMs now_ = 1'000'000;
};

TEST_F(ScheduleTest, FinalAnswersAreRecorded) {
  const std::vector<std::pair<Kind, DeliveryState>> finals = {{Kind::kAccepted, DeliveryState::kDelivered},
                                                              {Kind::kProbablyOurs, DeliveryState::kProbablyDelivered},
                                                              {Kind::kRejected, DeliveryState::kDeadLettered}};
  for (const auto& [kind, state] : finals) {
    EXPECT_EQ(Begin(5).number, 1);
    const std::optional<Record> record = End(5, {.kind = kind, .code = "c", .message = "m"});
    ASSERT_TRUE(record.has_value());
    EXPECT_EQ(record->outcome, 5u);
    EXPECT_EQ(record->state, state);
    EXPECT_EQ(record->code, "c");
    EXPECT_EQ(record->tries, 1u);
    EXPECT_FALSE(schedule_.Find(5).has_value());
  }
  EXPECT_EQ(NextDue(), INT64_MAX);
}

TEST_F(ScheduleTest, ARetryComesAfterTheBackoffAndNotBeforeTheTargetSays) {
  now_ = 100;
  Begin(5);
  EXPECT_FALSE(End(5, {.kind = Kind::kRetry, .code = "HTTP 503"}).has_value());
  EXPECT_EQ(NextDue(), 1100);
  EXPECT_EQ(schedule_.Find(5)->next_try, 1100);
  EXPECT_EQ(schedule_.Find(5)->code, "HTTP 503");
  now_ = 1099;
  EXPECT_TRUE(schedule_.TakeDue(now_, 10).empty());
  now_ = 1100;
  EXPECT_EQ(schedule_.TakeDue(now_, 10), std::vector<Sequence>{5});
  EXPECT_EQ(Begin(5).number, 2);
  End(5, {.kind = Kind::kRetry, .retry_after = 7000});
  EXPECT_EQ(schedule_.Find(5)->next_try, now_ + 7000);
}

TEST_F(ScheduleTest, WhatMayHaveArrivedStaysSo) {
  now_ = 100;
  EXPECT_FALSE(Begin(5).may_have_arrived);
  End(5, {.kind = Kind::kRetry, .may_have_arrived = true});
  schedule_.TakeDue(INT64_MAX, 1);
  EXPECT_TRUE(Begin(5).may_have_arrived);
  EXPECT_TRUE(End(5, {.kind = Kind::kProbablyOurs})->may_have_arrived);
  EXPECT_TRUE(Begin(6, true).may_have_arrived);
}

TEST_F(ScheduleTest, WhatIsTooOldIsGivenUpButNotForThrottlingOrWantOfAnOperator) {
  for (const Kind kind : {Kind::kThrottled, Kind::kNeedsOperator}) {
    Begin(5);
    EXPECT_FALSE(End(5, {.kind = kind}).has_value());
    schedule_.TakeDue(INT64_MAX, 1);
  }
  EXPECT_GE(schedule_.Find(5)->next_try, now_ + 60'000) << "slowly";
  Begin(5);
  EXPECT_EQ(End(5, {.kind = Kind::kRetry})->state, DeliveryState::kDeadLettered);
}

TEST_F(ScheduleTest, ATargetThatAsksForFewerCallsIsLeftAlone) {
  Begin(5);
  End(5, {.kind = Kind::kThrottled, .retry_after = 2500});
  EXPECT_EQ(schedule_.Room(now_ + 2499, 10), 0);
  EXPECT_EQ(schedule_.Room(now_ + 2500, 10), 10);
  EXPECT_EQ(NextDue(true), now_ + 2500);
}

TEST_F(ScheduleTest, ADownTargetIsProbedByTwoAtATimeWithoutABusyLoop) {
  now_ = 100;
  for (Sequence outcome = 1; outcome <= 3; ++outcome) Begin(outcome);
  for (Sequence outcome = 1; outcome <= 3; ++outcome) End(outcome, {.kind = Kind::kRetry});
  EXPECT_EQ(schedule_.Room(now_, 10), 0);
  EXPECT_EQ(NextDue(true), 1100);
  now_ = 1100;
  EXPECT_EQ(schedule_.Room(now_, 10), 2);
  EXPECT_EQ(schedule_.TakeDue(now_, 2), std::vector<Sequence>{1}) << "the other is for a new one";
  Begin(1);
  EXPECT_TRUE(schedule_.TakeDue(now_, 1).empty());
  EXPECT_EQ(NextDue(), now_ + 60'000) << "the probe's answer, or its absence";
  EXPECT_EQ(NextDue(true), now_);
  Begin(4);
  EXPECT_EQ(schedule_.Room(now_, 10), 0);
  EXPECT_EQ(NextDue(true), now_ + 60'000);
  End(1, {.kind = Kind::kAccepted});
  EXPECT_EQ(schedule_.Room(now_, 10), 9);
  EXPECT_EQ(schedule_.TakeDue(now_, 10), (std::vector<Sequence>{2, 3}));
}

TEST_F(ScheduleTest, WhateverBecomesOfARetryAnotherMayProbe) {
  now_ = 100;
  for (Sequence outcome = 1; outcome <= 3; ++outcome) Begin(outcome);
  for (Sequence outcome = 1; outcome <= 3; ++outcome) End(outcome, {.kind = Kind::kRetry});
  now_ += 9'000;
  ASSERT_EQ(schedule_.TakeDue(now_, 2), std::vector<Sequence>{1});
  schedule_.Forget(1);
  ASSERT_EQ(schedule_.TakeDue(now_, 2), std::vector<Sequence>{2});
  Begin(2);
  End(2, {.kind = Kind::kHandedBack});
  ASSERT_EQ(schedule_.TakeDue(now_, 2), std::vector<Sequence>{3});
  Begin(3);
  End(3, {.kind = Kind::kRetry});
  EXPECT_EQ(schedule_.under_way(), 0);
  now_ = schedule_.Find(3)->next_try;
  EXPECT_EQ(schedule_.TakeDue(now_, 2).size(), 1u);
}

TEST_F(ScheduleTest, AnOutcomeThatFailsTellsOfTheTargetOnlyOnce) {
  now_ = 100;
  for (Sequence outcome = 1; outcome <= 2; ++outcome) {
    Begin(outcome);
    End(outcome, {.kind = Kind::kNeedsOperator});
  }
  for (int i = 0; i < 20; ++i) {
    now_ = schedule_.Find(1)->next_try;
    ASSERT_FALSE(schedule_.TakeDue(now_, 1).empty());
    const Sequence outcome = schedule_.Find(1)->next_try == now_ ? 1 : 2;
    Begin(outcome);
    End(outcome, {.kind = Kind::kNeedsOperator});
  }
  EXPECT_EQ(schedule_.Room(now_, 10), 10);
  Begin(3);
  End(3, {.kind = Kind::kNeedsOperator});
  EXPECT_EQ(schedule_.Room(now_, 10), 0);
}

TEST_F(ScheduleTest, NewOnesAndRetriesShareAndTheOddOneGoesInTurns) {
  EXPECT_EQ(schedule_.ShareOfDue(2), 1u);
  EXPECT_EQ(schedule_.ShareOfDue(1) + schedule_.ShareOfDue(1), 1u);
  EXPECT_EQ(schedule_.ShareOfDue(7) + schedule_.ShareOfDue(7), 7u);
}

TEST_F(ScheduleTest, ATryWithoutAnAnswerIsGivenUpAndItsLateAnswerIgnored) {
  now_ = 100;
  Begin(5);
  EXPECT_TRUE(schedule_.Unanswered(now_ + 59'999).empty());
  now_ += 60'000;
  EXPECT_EQ(schedule_.Unanswered(now_), (std::vector<std::pair<Sequence, int>>{{5, 1}}));
  EXPECT_EQ(End(5, {.kind = Kind::kRetry, .code = "NoAnswer"})->state, DeliveryState::kDeadLettered) << "max_age";
  EXPECT_FALSE(End(5, {.kind = Kind::kAccepted}, 1).has_value());
  EXPECT_EQ(schedule_.under_way(), 0);
}

TEST_F(ScheduleTest, OnlyRoomBoundsNewOnesUntilTooManyRetry) {
  now_ = 100;
  for (Sequence outcome = 1; outcome <= 100; ++outcome) {
    Begin(outcome);
    End(outcome, {.kind = Kind::kThrottled});
  }
  EXPECT_FALSE(schedule_.TakesNew());
  EXPECT_EQ(schedule_.TakeDue(INT64_MAX, 1000).size(), 100u);
  schedule_.Forget(1);
  EXPECT_TRUE(schedule_.TakesNew());
}

}  // namespace
}  // namespace tokenbroker::forward
