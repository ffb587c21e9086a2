#include "server/drop/door_settler.h"

#include <gtest/gtest.h>

#include "server/calls/authenticator.h"
#include "tests/testing/broker_harness.h"

namespace tokenbroker::drop {
namespace {

using broker::BrokerHarness;
using broker::Issued;

class DoorSettlerTest : public ::testing::Test {
 protected:
  static broker::Settings OneCallInTheQueue() {
    broker::Settings settings;
    settings.limits.queue_operations = 1;
    return settings;
  }

  v1::BatchGetTasksResponse Find(const std::vector<std::string>& keys) {
    v1::BatchGetTasksRequest request;
    for (const std::string& key : keys) {
      v1::CorrelationKey& named = *request.add_tasks()->mutable_key();
      named.set_namespace_("orders");
      named.set_key(key);
    }
    return settler_.FindTasks(request);
  }

  BrokerHarness broker_{OneCallInTheQueue()};
  MetricsRegistry registry_;
  BrokerMetrics metrics_{registry_};
  calls::Authenticator authenticator_{AuthConfig{}};
  calls::Door door_{broker_.broker(), authenticator_, metrics_};
  broker::Principal caller_ = calls::MakePrincipal("drop:files", {{"orders", kResolve | kRead}});
  DoorSettler settler_{door_, caller_, [this] { broker_.Run(); }};
};

TEST_F(DoorSettlerTest, TellsTheTaskOrWhyThereIsNone) {
  const Issued task = broker_.Issue({.correlation_key = "order-1"});
  const v1::BatchGetTasksResponse found = Find({"order-1", "order-2", std::string(5'000, 'k')});
  ASSERT_EQ(found.items_size(), 3);
  EXPECT_EQ(found.items(0).task().task_id(), task.id);
  EXPECT_EQ(found.items(1).error().reason(), v1::ERROR_REASON_TASK_UNKNOWN);
  EXPECT_EQ(found.items(2).error().reason(), v1::ERROR_REASON_INVALID_FIELD);
}

TEST_F(DoorSettlerTest, AFullQueueIsNoUnknownTask) {
  // Of a task that has ended the broker must ask the store.
  for (const std::string key : {"order-1", "order-2"}) {
    broker_.Succeed(broker_.Issue({.correlation_key = key}), "1");
  }
  const v1::BatchGetTasksResponse found = Find({"order-1", "order-2"});
  EXPECT_EQ(found.items(0).error().reason(), v1::ERROR_REASON_UNSPECIFIED);
  EXPECT_EQ(found.items(1).error().reason(), v1::ERROR_REASON_OVERLOADED);
}

}  // namespace
}  // namespace tokenbroker::drop
