#include "server/calls/convert.h"

#include <gtest/gtest.h>

namespace tokenbroker::calls {
namespace {

google::protobuf::Duration Of(int64_t seconds, int32_t nanos) {
  google::protobuf::Duration duration;
  duration.set_seconds(seconds);
  duration.set_nanos(nanos);
  return duration;
}

TEST(ConvertTest, DurationsAreRoundedAwayFromZero) {
  EXPECT_EQ(ParseDuration(Of(0, 0)), 0);
  EXPECT_EQ(ParseDuration(Of(1, 500'000'000)), 1500);
  EXPECT_EQ(ParseDuration(Of(0, 1)), 1);
  EXPECT_EQ(ParseDuration(Of(0, 1'000'001)), 2);
  EXPECT_EQ(ParseDuration(Of(0, -1)), -1);
  EXPECT_EQ(ParseDuration(Of(-1, -500'000'000)), -1500);
}

TEST(ConvertTest, DurationsThatAreNoneAreRefused) {
  EXPECT_FALSE(ParseDuration(Of(1, -1)).has_value());
  EXPECT_FALSE(ParseDuration(Of(-1, 1)).has_value());
  EXPECT_FALSE(ParseDuration(Of(0, 1'000'000'000)).has_value());
  EXPECT_FALSE(ParseDuration(Of(INT64_MAX, 0)).has_value());
  EXPECT_FALSE(ParseDuration(Of(INT64_MIN, 0)).has_value());
}

broker::TaskRecordPtr Ended() {
  auto record = std::make_unique<broker::TaskRecord>();
  record->task = 0x2a;
  record->state = broker::TaskState::kSucceeded;
  record->issued.name_space = "demo";
  record->issued.time = 1'500;
  record->issued.input = "{}";
  record->issued.labels = {{"a", "b"}};
  record->issued.upstream_token_sealed = "sealed";
  record->deadline = 9'000;
  record->outcome.emplace();
  record->outcome->output = "[1]";
  record->outcome->time = 2'250;
  record->outcome->resolved_by = "key:x";
  return record;
}

TEST(ConvertTest, AFullTaskHasInputAndOutput) {
  pb::Task task;
  FillTask(*Ended(), pb::TASK_VIEW_FULL, &task);
  EXPECT_EQ(task.task_id(), "00000000000000002a");
  EXPECT_EQ(task.state(), pb::TASK_STATE_SUCCEEDED);
  EXPECT_EQ(task.input(), "{}");
  EXPECT_EQ(task.outcome().output(), "[1]");
  EXPECT_EQ(task.outcome().resolved_at().seconds(), 2);
  EXPECT_EQ(task.outcome().resolved_at().nanos(), 250'000'000);
  EXPECT_EQ(task.labels().at("a"), "b");
}

TEST(ConvertTest, ABasicTaskHasNeither) {
  pb::Task task;
  FillTask(*Ended(), pb::TASK_VIEW_BASIC, &task);
  EXPECT_EQ(task.input(), "");
  EXPECT_EQ(task.outcome().output(), "");
  EXPECT_EQ(task.outcome().resolved_by(), "key:x");
}

TEST(ConvertTest, AnUpstreamTokenIsMentionedAndNotReturned) {
  pb::Task task;
  FillTask(*Ended(), pb::TASK_VIEW_FULL, &task);
  EXPECT_TRUE(task.has_upstream_token());
  EXPECT_EQ(task.DebugString().find("sealed"), std::string::npos);
}

}  // namespace
}  // namespace tokenbroker::calls
