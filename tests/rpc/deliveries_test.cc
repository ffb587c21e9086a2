// Deliveries as callers see them: shown, waited for, redriven, dropped.
#include <future>
#include <mutex>

#include "server/calls/delivery_calls.h"
#include "server/forward/forwarder.h"
#include "tests/rpc/door_fixture.h"
#include "tokenbroker/v1/delivery_service.grpc.pb.h"

namespace tokenbroker::rpc {
namespace {

using forward::Answer;

// Answers every try at once, as it was told to.
class RuledTarget : public forward::OutcomeTarget {
 public:
  explicit RuledTarget(std::atomic<Answer::Kind>& kind) : kind_(kind) {}
  void Deliver(forward::Delivery delivery, Done done) override {
    done({.kind = kind_.load(), .code = "said", .message = "to the test"});
  }
  int max_under_way() const override { return 10; }

 private:
  std::atomic<Answer::Kind>& kind_;
};

class DeliveriesTest : public DoorFixture {
 protected:
  AuthConfig Auth() override {
    AuthConfig auth;
    auth.mode = AuthMode::kKeys;
    for (const auto& [id, rights] : {std::pair<std::string, Rights>{"all", kIssue | kResolve | kRead | kAdminister},
                                     {"reader", kIssue | kResolve | kRead}}) {
      ApiKey key{id};
      SHA256(reinterpret_cast<const unsigned char*>(id.data()), id.size(), key.sha256.data());
      key.namespaces["demo"] = rights;
      auth.keys.push_back(key);
    }
    return auth;
  }
  void Prepare(calls::Door& door) override {
    std::vector<forward::NamedTarget> targets;
    targets.push_back({"t", std::make_unique<RuledTarget>(kind_)});
    forwarder_ =
        std::make_unique<forward::Forwarder>(forward::Forwarder::Parts{*broker_, clock_, silent_, [] { return 1.0; }},
                                             forward::ScheduleOptions(), std::move(targets));
    forwarder_->Start();
    door.limits.targets = {{"t"}, {"u"}};
    door.forwarder = forwarder_.get();
    key_ = "all";
  }
  void SetUp() override {
    DoorFixture::SetUp();
    deliveries_ = pb::DeliveryService::NewStub(server_->InProcessChannel());
  }
  void TearDown() override {
    forwarder_->Stop(0);
    DoorFixture::TearDown();
  }

  pb::IssueTaskResponse IssueFor(const std::string& target) {
    pb::IssueTaskRequest request;
    request.set_namespace_("demo");
    request.set_target(target);
    return Issue(request);
  }
  // Succeeds and waits for the target.
  pb::Delivery SucceedAndWait(const std::string& token, int seconds = 30) {
    pb::SucceedRequest request;
    request.mutable_task()->set_token(token);
    request.set_output("1");
    request.mutable_wait_for_delivery()->set_seconds(seconds);
    pb::SucceedResponse response;
    const grpc::Status status = Call(*resolver_, &pb::ResolverService::Stub::Succeed, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.delivery();
  }
  pb::ListDeliveriesResponse List(const pb::ListDeliveriesRequest& request) {
    pb::ListDeliveriesResponse response;
    const grpc::Status status = Call(*deliveries_, &pb::DeliveryService::Stub::ListDeliveries, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  grpc::Status Drop(const std::string& id) {
    pb::DropDeliveryRequest request;
    request.mutable_task()->set_task_id(id);
    pb::DropDeliveryResponse response;
    return Call(*deliveries_, &pb::DeliveryService::Stub::DropDelivery, request, &response);
  }
  grpc::Status Redrive(const pb::RedriveDeliveriesRequest& request, pb::RedriveDeliveriesResponse* response) {
    return Call(*deliveries_, &pb::DeliveryService::Stub::RedriveDeliveries, request, response);
  }

  std::atomic<Answer::Kind> kind_{Answer::Kind::kAccepted};
  forward::Observer silent_;
  std::unique_ptr<forward::Forwarder> forwarder_;
  std::unique_ptr<pb::DeliveryService::Stub> deliveries_;
};

TEST_F(DeliveriesTest, ATargetMustBeConfigured) {
  pb::IssueTaskRequest request;
  request.set_namespace_("demo");
  request.set_target("states");
  pb::IssueTaskResponse response;
  const grpc::Status status = TryIssue(request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(status.error_message().find("target must be one of the configured targets: t, u"), std::string::npos)
      << status.error_message();
}

TEST_F(DeliveriesTest, WhoSettlesMayWaitForTheTargetsVerdict) {
  const auto issued = IssueFor("t");
  const pb::Delivery delivery = SucceedAndWait(issued.token());
  EXPECT_EQ(delivery.state(), pb::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(delivery.task_id(), issued.task_id());
  EXPECT_EQ(delivery.target(), "t");
  EXPECT_EQ(delivery.answer_code(), "said");
  EXPECT_EQ(delivery.attempts(), 1u);
  EXPECT_EQ(SucceedAndWait(issued.token()).state(), pb::DELIVERY_STATE_DELIVERED) << "a repetition waits again";
  pb::Task task;
  ASSERT_TRUE(Get(ById(issued.task_id()), &task).ok());
  EXPECT_EQ(task.delivery().state(), pb::DELIVERY_STATE_DELIVERED);
  EXPECT_FALSE(SucceedAndWait(IssueWithKey("k").token()).has_owed_at()) << "nobody is owed it";
}

TEST_F(DeliveriesTest, AnAwaitMayWaitForTheDeliveryToo) {
  const auto issued = IssueFor("t");
  ASSERT_TRUE(Succeed(ByToken(issued.token()), "1").ok());
  pb::AwaitTaskRequest request;
  request.mutable_task()->set_task_id(issued.task_id());
  request.set_wait_for_delivery(true);
  pb::AwaitTaskResponse response;
  ASSERT_TRUE(Call(*tasks_, &pb::TaskService::Stub::AwaitTask, request, &response).ok());
  EXPECT_EQ(response.task().delivery().state(), pb::DELIVERY_STATE_DELIVERED);
}

TEST_F(DeliveriesTest, DeadLettersAreListedAndRedriven) {
  kind_ = Answer::Kind::kRejected;
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    const auto issued = IssueFor("t");
    ids.push_back(issued.task_id());
    EXPECT_EQ(SucceedAndWait(issued.token()).state(), pb::DELIVERY_STATE_DEAD_LETTERED);
  }
  pb::ListDeliveriesRequest list;
  list.set_namespace_("demo");
  list.set_page_size(2);
  const auto first = List(list);
  ASSERT_EQ(first.deliveries_size(), 2);
  EXPECT_EQ(first.deliveries(0).answer_message(), "to the test");
  list.set_page_token(first.next_page_token());
  EXPECT_EQ(List(list).deliveries(0).task_id(), ids[2]);

  kind_ = Answer::Kind::kAccepted;
  pb::RedriveDeliveriesRequest redrive;
  redrive.set_namespace_("demo");
  pb::RedriveDeliveriesResponse redriven;
  key_ = "reader";
  EXPECT_EQ(Redrive(redrive, &redriven).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Drop(ids[0]).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  pb::RedriveDeliveriesRequest redrive_key;
  *redrive_key.mutable_task() = ByKey("demo", "nobody-waits");
  EXPECT_EQ(Redrive(redrive_key, &redriven).error_code(), grpc::StatusCode::PERMISSION_DENIED) << "whatever there is";
  key_ = "all";
  EXPECT_TRUE(Drop(ids[0]).ok());
  EXPECT_TRUE(Drop(ids[0]).ok()) << "a second call";
  ASSERT_TRUE(Redrive(redrive, &redriven).ok());
  EXPECT_EQ(redriven.redriven(), 2);
  EXPECT_FALSE(redriven.more());
  pb::AwaitTaskRequest await;
  await.mutable_task()->set_task_id(ids[2]);
  await.set_wait_for_delivery(true);
  pb::AwaitTaskResponse awaited;
  ASSERT_TRUE(Call(*tasks_, &pb::TaskService::Stub::AwaitTask, await, &awaited).ok());
  EXPECT_EQ(awaited.task().delivery().state(), pb::DELIVERY_STATE_DELIVERED);
  const grpc::Status late = Drop(ids[2]);
  EXPECT_EQ(late.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  redrive.Clear();
  redrive.mutable_task()->set_task_id(ids[0]);
  EXPECT_EQ(Redrive(redrive, &redriven).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(DeliveriesTest, WhoDropsAtTheSameTimeIsToldTheSame) {
  for (int round = 0; round < 20; ++round) {
    const auto issued = IssueFor("u");
    SucceedAndWait(issued.token(), 0);
    std::vector<std::future<grpc::Status>> drops;
    for (int i = 0; i < 4; ++i) {
      drops.push_back(std::async(std::launch::async, [&] { return Drop(issued.task_id()); }));
    }
    for (auto& drop : drops) EXPECT_TRUE(drop.get().ok());
  }
}

TEST_F(DeliveriesTest, ManyAreDroppedByStateNamespaceAndTarget) {
  const auto drop = [&](const std::string& target, std::vector<pb::DeliveryState> states, int limit = 0) {
    pb::DropDeliveriesRequest request;
    request.set_namespace_("demo");
    request.set_target(target);
    for (const pb::DeliveryState state : states) request.add_states(state);
    request.set_limit(limit);
    pb::DropDeliveriesResponse response;
    const grpc::Status status = Call(*deliveries_, &pb::DeliveryService::Stub::DropDeliveries, request, &response);
    if (!status.ok()) return "error " + std::to_string(status.error_code());
    return std::to_string(response.dropped()) + (response.more() ? " and more" : "");
  };
  const std::string denied = "error " + std::to_string(grpc::StatusCode::PERMISSION_DENIED);
  const std::string invalid = "error " + std::to_string(grpc::StatusCode::INVALID_ARGUMENT);

  kind_ = Answer::Kind::kRejected;
  for (int i = 0; i < 3; ++i) SucceedAndWait(IssueFor("t").token());
  // Nobody takes what is for "u".
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(SucceedAndWait(IssueFor("u").token(), 0).state(), pb::DELIVERY_STATE_PENDING);
  }

  key_ = "reader";
  EXPECT_EQ(drop("t", {pb::DELIVERY_STATE_DEAD_LETTERED}), denied);
  key_ = "all";
  EXPECT_EQ(drop("t", {}), invalid) << "nothing is dropped that was not named";
  EXPECT_EQ(drop("t", {pb::DELIVERY_STATE_DELIVERED}), invalid);
  EXPECT_EQ(drop("t", {pb::DELIVERY_STATE_DEAD_LETTERED}, 10'001), invalid);
  EXPECT_EQ(drop("t", {pb::DELIVERY_STATE_DEAD_LETTERED}, 2), "2 and more");
  EXPECT_EQ(drop("t", {pb::DELIVERY_STATE_DEAD_LETTERED}, 2), "1");
  EXPECT_EQ(drop("t", {pb::DELIVERY_STATE_DEAD_LETTERED}), "0") << "a second call";
  EXPECT_EQ(drop("u", {pb::DELIVERY_STATE_DEAD_LETTERED}), "0") << "what is pending stays";
  EXPECT_EQ(drop("u", {pb::DELIVERY_STATE_PENDING, pb::DELIVERY_STATE_DEAD_LETTERED}), "2");
  pb::ListDeliveriesRequest list;
  list.set_namespace_("demo");
  EXPECT_EQ(List(list).deliveries_size(), 0);
  list.add_states(pb::DELIVERY_STATE_DROPPED);
  EXPECT_EQ(List(list).deliveries_size(), 5) << "they are shown as what they are";
}

// As few operations may wait for the committer as can be set.
class SmallQueueTest : public DeliveriesTest {
 protected:
  broker::Limits Limits() override { return {.queue_operations = PickedDeliveries::kGroup}; }

  using PickedDeliveries = calls::PickedDeliveries;
};

TEST_F(SmallQueueTest, ACallMayDropMoreThanItHolds) {
  constexpr int kOutcomes = PickedDeliveries::kGroup * 5 / 2;
  for (int i = 0; i < kOutcomes; ++i) ASSERT_TRUE(Succeed(ByToken(IssueFor("u").token()), "1").ok());
  pb::DropDeliveriesRequest request;
  request.set_namespace_("demo");
  request.add_states(pb::DELIVERY_STATE_PENDING);
  request.set_limit(kOutcomes - 1);
  pb::DropDeliveriesResponse response;
  const auto drop = [&] { return Call(*deliveries_, &pb::DeliveryService::Stub::DropDeliveries, request, &response); };
  ASSERT_TRUE(drop().ok());
  EXPECT_EQ(response.dropped(), kOutcomes - 1);
  EXPECT_TRUE(response.more());
  ASSERT_TRUE(drop().ok());
  EXPECT_EQ(response.dropped(), 1);
  EXPECT_FALSE(response.more());

  pb::ListDeliveriesRequest list;
  list.set_namespace_("demo");
  list.set_page_size(1000);
  list.add_states(pb::DELIVERY_STATE_DROPPED);
  const int before = store_.scans;
  EXPECT_EQ(List(list).deliveries_size(), 1000);
  EXPECT_EQ(store_.scans - before, 1);
}

TEST_F(DeliveriesTest, WhatFailsShowsWhenItIsTriedNext) {
  kind_ = Answer::Kind::kNeedsOperator;
  const auto issued = IssueFor("t");
  EXPECT_EQ(SucceedAndWait(issued.token(), 0).state(), pb::DELIVERY_STATE_PENDING);
  pb::GetDeliveryRequest request;
  request.mutable_task()->set_task_id(issued.task_id());
  pb::GetDeliveryResponse response;
  do {
    ASSERT_TRUE(Call(*deliveries_, &pb::DeliveryService::Stub::GetDelivery, request, &response).ok());
  } while (!response.delivery().has_next_attempt_at());
  EXPECT_EQ(response.delivery().answer_code(), "said");
  EXPECT_EQ(response.delivery().attempts(), 1u);
  request.mutable_task()->set_task_id(IssueFor("t").task_id());
  EXPECT_EQ(Call(*deliveries_, &pb::DeliveryService::Stub::GetDelivery, request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND)
      << "the task waits";
}

}  // namespace
}  // namespace tokenbroker::rpc
